import assert from "node:assert/strict";
import { ConfigError } from "../../src/config/config_error.ts";
import { parseConfig } from "../../src/config/parse_config.ts";

const FOLDER = new URL("../testdata/config/", import.meta.url);

/** Expected lines of `invalid_NAME.yaml`, without the file's name. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  alias_cycle: [
    "2:5: targets[0]: this alias stands for a value that contains it (write the value out)",
  ],
  alias_without_anchor: [
    "1:10: targets: this alias has no anchor before it (put text that begins with * in quotes)",
  ],
  auth_boolean: [
    "4:15: auth.basic.password: must be text (put it in quotes)",
  ],
  auth_empty: [
    "1:1: auth: is empty (write auth.basic or auth.bearer_token, or remove auth)",
  ],
  auth_empty_password: [
    "4:15: auth.basic.password: is empty (write at least one character)",
  ],
  auth_half: [
    "3:15: auth.basic.password: is written without auth.basic.username (write both, or neither for the defaults)",
  ],
  auth_lost_key: [
    "2:12: auth.basic.<hidden>: unknown key (allowed: username, password, password_file)",
  ],
  auth_sources: [
    "4:20: auth.basic.password_file: is written beside auth.basic.password (write one of the two)",
    "7:22: auth.bearer_token_file: is written beside auth.bearer_token (write one of the two)",
  ],
  auth_file_without_user: [
    "3:20: auth.basic.password_file: is written without auth.basic.username (write both, or neither for the defaults)",
  ],
  auth_missing_files: [
    '4:20: auth.basic.password_file: Cannot read "nowhere": there is no such file',
    '5:22: auth.bearer_token_file: Cannot read "/": it is a directory',
  ],
  auth_token: [
    "2:17: auth.bearer_token: has a character that is not allowed (allowed: ASCII characters without blanks)",
  ],
  auth_tag: [
    "4:15: Cannot read YAML: this tag is not known (put text that begins with ! in quotes)",
  ],
  auth_text: [
    "1:7: auth: must be a mapping (with keys such as basic)",
  ],
  auth_texts: [
    "3:15: auth.basic.username: has a character that is not allowed (allowed: anything but colons and control characters)",
    "4:15: auth.basic.password: has a character that is not allowed (allowed: anything but control characters)",
  ],
  booleans: [
    '2:13: scanning.udp_scan: must be true or false, without quotes, not "yes"',
    '3:21: scanning.duration_metrics: must be true or false, without quotes, not the quoted text "true"',
    "4:20: scanning.confirm_changes: must be true or false, without quotes, not 1",
  ],
  control_character: [
    '2:13: Cannot read YAML: the control character "\\u001b" is in the file (allowed: text; is this the right file?)',
  ],
  delays: [
    "3:19: scanning.max_scan_delay: 500 is below scanning.scan_delay, which is 1000 (at least 1000, or 0 to leave it out)",
  ],
  duplicate_key: [
    "4:3: server.port: is written twice, first in line 2 (remove one of the two)",
  ],
  duration_quoted: [
    '2:13: scanning.interval: must be a duration: whole seconds such as 90, or text such as 90s, 15m, 6h, 1d, 1h30m; not the quoted text "90"',
  ],
  durations: [
    "2:13: scanning.interval: must be from 1 to 315360000 seconds, not 0",
    "3:12: scanning.timeout: must be from 1 to 315360000 seconds, not 0",
    '4:17: scanning.host_timeout: must be a duration: whole seconds such as 90, or text such as 90s, 15m, 6h, 1d, 1h30m; not "1.5h"',
    '5:15: scanning.scan_delay: must be a duration: whole milliseconds such as 150, or text such as 150ms, 1s; not "90m"',
    "6:20: scanning.max_rtt_timeout: must be 0 or at least 5 milliseconds, not 4",
  ],
  empty_value: [
    "2:3: scanning.worker_count: must be a whole number from 1 to 1000, not empty",
    '3:3: scanning.port_range: must be text such as "22,80,8000-8100", not empty',
  ],
  key_not_text: [
    "1:1: a key is not plain text (allowed: the names of keys)",
  ],
  merge_key: [
    "2:3: server.<<: unknown key (allowed: address, port)",
  ],
  numbers: [
    "2:18: scanning.max_cidr_size: must be a whole number from 0 to 32, not 33",
    "3:16: scanning.max_retries: must be a whole number from 0 to 50, not 51",
    "4:17: scanning.worker_count: must be a whole number from 1 to 1000, not 0",
    "5:20: scanning.task_queue_size: must be a whole number from 1 to 1000000, not 1000001",
    "6:15: scanning.rate_limit: must be a whole number from 0 to 1000000000, not -1",
    '7:13: scanning.min_rate: must be a whole number from 0 to 1000000000, not "many"',
  ],
  port_range: [
    '2:15: scanning.port_range: Cannot use range "80-22": it ends before it begins (write 22-80)',
  ],
  port_range_boolean: [
    '2:15: scanning.port_range: must be text such as "22,80,8000-8100" (put it in quotes)',
  ],
  port_range_list: [
    '2:15: scanning.port_range: must be text such as "22,80,8000-8100", not a list',
  ],
  rates: [
    "2:13: scanning.min_rate: 500 is above scanning.max_rate, which is 100 (at most 100, or 0 to leave it out)",
  ],
  total_rate: [
    "2:13: scanning.min_rate: 500 is above the share of one process in scanning.max_total_rate, which is 400: 4000 among 10 (at most 400, or 0 to leave it out)",
  ],
  total_rate_shares: [
    "2:13: scanning.min_rate: 2 is above the share of one process in scanning.max_total_rate, which is 1: 7 among 7 (at most 1, or 0 to leave it out)",
  ],
  root_list: [
    "1:1: must be a mapping (with keys such as server), not a list",
  ],
  root_text: [
    '1:1: must be a mapping (with keys such as server), not "port:9919"',
  ],
  rtt: [
    "2:20: scanning.min_rtt_timeout: 200 is above scanning.max_rtt_timeout, which is 100 (at most 100, or 0 to leave it out)",
    "3:24: scanning.initial_rtt_timeout: 150 is above scanning.max_rtt_timeout, which is 100 (at most 100, or 0 to leave it out)",
    "3:24: scanning.initial_rtt_timeout: 150 is below scanning.min_rtt_timeout, which is 200 (at least 200, or 0 to leave it out)",
  ],
  scan_technique: [
    '2:19: scanning.scan_technique: must be one of auto, syn, connect, not "SYN"',
  ],
  section_type: [
    "1:9: server: must be a mapping (with keys such as address), not 9919",
    "2:11: scanning: must be a mapping (with keys such as interval), not a list",
  ],
  server_address: [
    '2:12: server.address: must be an IP address such as 127.0.0.1 or "::", or localhost, not "myhost"',
  ],
  server_port_notation: [
    '2:9: server.port: must be a whole number from 0 to 65535 in plain digits, not "0x10"',
    '4:16: scanning.max_retries: must be a whole number from 0 to 50 in plain digits, not "1e1"',
    '5:17: scanning.worker_count: must be a whole number from 1 to 1000 in plain digits, not "1_0"',
    '6:15: scanning.rate_limit: must be a whole number from 0 to 1000000000 in plain digits, not "1.5"',
  ],
  server_port_quoted: [
    "2:9: server.port: must be a whole number from 0 to 65535, without quotes",
  ],
  server_port_range: [
    "2:9: server.port: must be a whole number from 0 to 65535, not 65536",
  ],
  several: [
    "2:9: server.port: must be a whole number from 0 to 65535, not 70000",
    '3:3: server.adress: unknown key (did you mean "address"?)',
    '5:15: scanning.port_range: Cannot use port "1-70000": ports are 1 to 65535',
    "6:13: scanning.min_rate: 500 is above scanning.max_rate, which is 100 (at most 100, or 0 to leave it out)",
    '8:17: scanning.worker_count: must be a whole number from 1 to 1000, not "lots"',
    "11:15: auth.basic.username: is written without auth.basic.password (write both, or neither for the defaults)",
    "13:3: targets: have 17825792 addresses in all, more than 16777216 (write fewer or narrower targets)",
    '15:5: targets[2]: "example.com:80" has a port (write "example.com" alone: what is scanned there is port_range)',
  ],
  several_documents: [
    "4:1: Cannot use several YAML documents in one file (remove what follows ---)",
  ],
  state: [
    "2:9: state.path: has a character that is not allowed (allowed: anything but control characters)",
    "3:26: state.closed_port_retention: must be from 0 to 315360000 seconds, not -1",
    '4:22: state.history_retention: must be a duration: whole seconds such as 90, or text such as 90s, 15m, 6h, 1d, 1h30m; not "90 days"',
  ],
  state_path_blanks: [
    '2:9: state.path: " state.db" has blanks around it (write it without)',
  ],
  state_path_boolean: [
    '2:9: state.path: must be text such as openport-exporter.db, or "" to keep state in memory only (put it in quotes)',
  ],
  state_path_directory: [
    '2:9: state.path: must name a file, not the directory "/var/lib/openport-exporter/"',
  ],
  state_path_empty: [
    '2:3: state.path: must be text such as openport-exporter.db, or "" to keep state in memory only, not empty',
  ],
  state_path_list: [
    '2:9: state.path: must be text such as openport-exporter.db, or "" to keep state in memory only, not a list',
  ],
  state_path_memory: [
    '2:9: state.path: is no file (write "" to keep state in memory only)',
  ],
  state_path_url: [
    '2:9: state.path: must be a path, not the address "file:state.db?mode=ro" (leave file: out)',
  ],
  tag: [
    "2:9: Cannot read YAML: this tag is not known (put text that begins with ! in quotes)",
  ],
  targets_ipv4_size: [
    '2:5: targets[0]: "0.0.0.0/0" has 4294967296 addresses, more than 16777216 (write a prefix length of 8 to 32)',
  ],
  targets_ipv6_size: [
    '2:5: targets[0]: "2001:db8::/64" has 18446744073709551616 addresses, too many for IPv6 (write a prefix length of 112 to 128)',
  ],
  targets_items: [
    '2:5: targets[0]: Cannot read a host name here: write labels of letters, digits, hyphens and underscores with dots between them, 253 characters at most, others as xn-- (in "-x.example.com")',
    "3:5: targets[1]: must be an address, a CIDR or a host name as text, such as 192.0.2.1, 192.0.2.0/24 or web.example.com, not a list",
    '4:5: targets[2]: Cannot use octet 300: it is above 255 (in "300.1.1.1")',
    '5:5: targets[3]: Cannot use prefix length 33: it is above 32 (in "10.0.0.0/33")',
    '6:5: targets[4]: Cannot read an IP address here: write four decimal octets such as 192.0.2.1, or IPv6 such as 2001:db8::1 (in "127.1")',
    '7:5: targets[5]: Cannot read an IP address here: write four decimal octets such as 192.0.2.1, or IPv6 such as 2001:db8::1 (in "::ffff:127.0.0.1")',
    "8:4: targets[6]: must be an address, a CIDR or a host name as text, such as 192.0.2.1, 192.0.2.0/24 or web.example.com, not empty",
    '9:5: targets[7]: Cannot read an IP address here: write four decimal octets such as 192.0.2.1, or IPv6 such as 2001:db8::1 (in "10.0.0")',
    '10:5: targets[8]: Cannot read an IP address here: write four decimal octets such as 192.0.2.1, or IPv6 such as 2001:db8::1 (in "1.2.3.4.5")',
    '11:5: targets[9]: Cannot read an IP address here: write four decimal octets such as 192.0.2.1, or IPv6 such as 2001:db8::1 (in "0x7f.1")',
    '12:5: targets[10]: Cannot read an IP address here: write four decimal octets such as 192.0.2.1, or IPv6 such as 2001:db8::1 (in "10.0.0.1-5")',
    '13:5: targets[11]: "10.0.0.1:9100" has a port (write "10.0.0.1" alone: what is scanned there is port_range)',
    '14:5: targets[12]: "[::1]:22" has a port (write "::1" alone: what is scanned there is port_range)',
    '15:5: targets[13]: "https://example.com/" is a URL (write the address or host name in it alone)',
    '16:5: targets[14]: "example.com/24" has a prefix length, which goes with an address (write "example.com" alone)',
  ],
  targets_scalar: [
    '1:10: targets: must be a list (write each target on a line of its own, such as "- 127.0.0.1"), not "127.0.0.1"',
  ],
  targets_total: [
    "2:3: targets: have 16777217 addresses in all, more than 16777216 (write fewer or narrower targets)",
  ],
  unknown_keys: [
    '1:1: port: unknown key (did you mean "server.port"?)',
    '2:1: scannning: unknown key (did you mean "scanning"?)',
    '5:3: server.prot: unknown key (did you mean "port"?)',
    '6:3: server.portRange: unknown key (did you mean "scanning.port_range"?)',
    '8:3: scanning.prot_range: unknown key (did you mean "port_range"?)',
    '9:3: scanning.workers: unknown key (did you mean "worker_count"?)',
    '11:3: auth.username: unknown key (did you mean "auth.basic.username"?)',
    "12:1: plugins: unknown key (allowed: server, scanning, auth, targets, targets_files, targets_http, policy, state, metrics)",
    "15:3: state.retention: unknown key (allowed: path, closed_port_retention, history_retention)",
    '16:3: state.closed_port_retension: unknown key (did you mean "closed_port_retention"?)',
    '17:1: "a\\nb": unknown key (allowed: server, scanning, auth, targets, targets_files, targets_http, policy, state, metrics)',
  ],
  policy: [
    '2:13: scanning.exclude[0]: Cannot use prefix length 33: it is above 32 (in "10.0.0.0/33")',
    '2:26: scanning.exclude[1]: Cannot read an IP address here: write four decimal octets such as 192.0.2.1, or IPv6 such as 2001:db8::1 (in "example.com")',
    "3:28: scanning.max_open_ports_per_host: must be a whole number from 1 to 1000000000, not 0",
    '5:21: policy.allowed_networks: must be a list (write each address or CIDR on a line of its own, such as "- 192.0.2.0/24"), not "10.0.0.0/8"',
    '6:21: policy.client_networks[0]: Cannot read an IP address here: write four decimal octets such as 192.0.2.1, or IPv6 such as 2001:db8::1 (in "::ffff:127.0.0.1")',
    '7:3: policy.trusted_proxy: unknown key (did you mean "trusted_proxies"?)',
    "8:15: policy.max_probes: must be a whole number from 1 to 1099511627776, not 0",
    "10:22: metrics.port_series_limit: must be a whole number from 1 to 1000000000, not 0",
  ],
  sources: [
    '2:5: targets_files[0]: must end in .json, .yml or .yaml, with * in the last part alone, not "targets/*/a.json"',
    '3:5: targets_files[1]: must end in .json, .yml or .yaml, with * in the last part alone, not "targets.txt"',
    "4:5: targets_files[2]: must be a path such as targets/*.json, not empty",
    "5:5: targets_files[3]: has a character that is not allowed (allowed: anything but control characters)",
    "7:5: targets_http[0]: must be a URL such as https://inventory.example.com/targets",
    "8:5: targets_http[1]: must be a URL such as https://inventory.example.com/targets",
    "9:5: targets_http[2]: has a user name or password in it (allowed: a URL without)",
    "10:5: targets_http[3].url: is missing (write a URL)",
    "11:52: targets_http[4].refresh_interval: must be from 1 to 315360000 seconds, not 0",
    '11:55: targets_http[4].refresh: unknown key (did you mean "refresh_interval"?)',
    "12:5: targets_http[5]: must be a URL such as https://inventory.example.com/targets, not a list",
  ],
  target_name: [
    "2:5: targets[0]: needs a name: its targets together have more than 200 characters (write name)",
    "6:11: targets[1].name: is too long (at most 200 characters)",
    '8:31: targets[3].name: "dmz" is already the name of targets[2] (write another name)',
  ],
  target_objects: [
    "7:5: targets[2].target: is missing (write an address, a CIDR or a host name)",
    '8:24: targets[3].target[1]: Cannot read an IP address here: write four decimal octets such as 192.0.2.1, or IPv6 such as 2001:db8::1 (in "10.0.0")',
    '8:32: targets[3].target[2]: Cannot read a host name here: write labels of letters, digits, hyphens and underscores with dots between them, 253 characters at most, others as xn-- (in "a b")',
    "9:11: targets[3].name: has a character that is not allowed (allowed: anything but control characters)",
    '10:5: targets[3].portrange: unknown key (did you mean "port_range"?)',
    '11:15: targets[3].protocol: must be one of tcp, udp, both, not "icmp"',
    "12:15: targets[3].interval: must be from 1 to 315360000 seconds, not 0",
    '13:21: targets[3].expected_ports: Cannot read the protocol of "22/sctp": write /tcp, /udp or nothing after a port',
    '14:5: targets[3].allowed_ports: must be text such as "22/tcp,53/udp,8000-8100", or "" for none, not empty',
    "16:17: targets[3].scanning.min_rate: 2000 is above scanning.max_rate, which is 1000 (at most 1000, or 0 to leave it out)",
    "17:20: targets[3].scanning.max_retries: must be a whole number from 0 to 50, not 51",
    '18:7: targets[3].scanning.worker_count: unknown key (did you mean "scanning.worker_count"?)',
    '20:11: targets[4].name: "127.0.0.1" is already the name of targets[0] (write another name)',
    "21:17: targets[4].port_range: known is for sweeps (write ports here, in which what is known is found)",
    '22:5: targets[4].min_rate: unknown key (did you mean "scanning.min_rate"?)',
    '23:20: targets[4].allowed_ports: Cannot read the protocol of "22/tcp/udp": write /tcp, /udp or nothing after a port',
    "24:34: targets[4].scanning.max_rtt_timeout: 50 is below scanning.min_rtt_timeout, which is 100 (at least 100, or 0 to leave it out)",
    "24:70: targets[4].scanning.max_scan_delay: 10 is below scanning.scan_delay, which is 20 (at least 20, or 0 to leave it out)",
    "25:13: targets[5].target: is empty (write an address, a CIDR or a host name)",
    '26:17: targets[5].port_range: Cannot read "top100": write top: and a number from 1 to 65535, such as top:1000',
    "28:11: targets[6].name: is empty (write at least one character)",
    '29:17: targets[6].port_range: Cannot read "top:0": write top: and a number from 1 to 65535, such as top:1000',
    "32:27: targets[7].scanning.min_rate: 1001 is above scanning.max_rate, which is 1000 (at most 1000, or 0 to leave it out)",
    '32:49: targets[7].scanning.scan_technique: must be one of auto, syn, connect, not "SYN"',
  ],
  target_sweeps: [
    "6:23: targets[0].sweeps[1].port_range: has the same ports as the target itself (write them once, with the shorter interval)",
    "7:23: targets[0].sweeps[2].port_range: has the same ports as sweeps[0] (write them once, with the shorter interval)",
    "8:9: targets[0].sweeps[3].port_range: is missing (such as top:1000)",
    '9:23: targets[0].sweeps[4].port_range: Cannot read "Known": write known',
    '9:40: targets[0].sweeps[4].interval: must be a duration: whole seconds such as 90, or text such as 90s, 15m, 6h, 1d, 1h30m; not "soon"',
    '9:46: targets[0].sweeps[4].ports: unknown key (did you mean "port_range"?)',
    "10:9: targets[0].sweeps[5]: must be a mapping (with keys such as port_range), not 22",
    "11:9: targets[0].sweeps[6].interval: is missing (such as 15m)",
    '14:17: targets[1].port_range: Cannot read "22-" as a port: write numbers, ranges and commas such as 22,80,8000-8100',
    "15:13: targets[1].sweeps: must be a list (write each on a line of its own, such as { port_range: known, interval: 1m }), not a mapping",
    '17:17: targets[2].port_range: Cannot read "22-" as a port: write numbers, ranges and commas such as 22,80,8000-8100',
  ],
  yaml_directive: [
    "1:1: Cannot read YAML: this directive is not known (remove the line that begins with %)",
  ],
  yaml_indentation: [
    "3:1: Cannot read YAML: the indentation is wrong here (keys of one mapping begin in the same column)",
  ],
  yaml_tab: [
    "2:1: Cannot read YAML: a tab is used as indentation (use spaces)",
  ],
  yaml_unclosed_list: [
    "2:1: Cannot read YAML: a [ or { is not closed (write the missing ] or })",
  ],
  yaml_unclosed_quote: [
    "3:1: Cannot read YAML: a quote is not closed (write the second quote; double a single quote inside)",
  ],
};

/** The problems of a file in tests/testdata/config, one line each, without its name. */
function problemsOf(file: string): readonly string[] {
  const text = Deno.readTextFileSync(new URL(file, FOLDER));
  try {
    parseConfig(text, "config.yaml");
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message.split("\n").map((line) => line.replace(/^config\.yaml:/, ""));
  }
}

for (const [name, lines] of Object.entries(EXPECTED)) {
  Deno.test(`parseConfig() refuses invalid_${name}.yaml and says why`, () => {
    assert.deepEqual(problemsOf(`invalid_${name}.yaml`), lines);
  });
}

Deno.test("parseConfig() is tested with every invalid file there is", () => {
  const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
    .filter((name) => name.startsWith("invalid_"));
  assert.deepEqual(
    files.sort(),
    Object.keys(EXPECTED).map((name) => `invalid_${name}.yaml`).sort(),
  );
});

Deno.test("parseConfig() never repeats what could be a password", () => {
  for (const { name } of Deno.readDirSync(FOLDER)) {
    if (/^invalid_(?:auth_|sources)/.test(name)) {
      assert.doesNotMatch(problemsOf(name).join("\n"), /s3cret/, name);
    }
  }
});
