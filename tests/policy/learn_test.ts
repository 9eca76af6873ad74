import assert from "node:assert/strict";
import { parse } from "yaml";
import { parseNetwork } from "../../src/domain/network.ts";
import {
  type LearnOptions,
  type LearnPart,
  learnYaml,
  type OpenHost,
} from "../../src/policy/learn.ts";

/** A part of a target: its text, and the networks it stands for where that is another. */
function part(text: string, ...networks: string[]): LearnPart {
  const texts = networks.length === 0 ? [text] : networks;
  return { text, networks: texts.map((each) => parseNetwork(each).network) };
}

/** A host with open ports: `"22 53/udp"`. */
function host(ip: string, ports = ""): OpenHost {
  return {
    ip,
    ports: ports.split(" ").filter((item) => item !== "").map((item) => ({
      port: parseInt(item),
      protocol: item.endsWith("/udp") ? "udp" : "tcp",
    })),
  };
}

function learn({ portsPerHost = 1000, targets = [], hosts = [] }: Partial<LearnOptions>) {
  const text = learnYaml({ targets, hosts, portsPerHost });
  // What is above the first empty line is the same every time.
  return { text: text.slice(text.indexOf("\n\n") + 2), entries: parse(text).targets };
}

Deno.test("learnYaml() writes what is open on an address as expected", () => {
  const { text } = learn({
    targets: [
      { name: "127.0.0.1", parts: [part("127.0.0.1")] },
      { name: "gate", parts: [part("2001:db8::1/128")] },
    ],
    hosts: [host("2001:db8::1", "22"), host("127.0.0.1", "443 53/udp 22 23 24 54/udp 80/udp")],
  });
  assert.equal(
    text,
    `targets:
  - target: 127.0.0.1
    expected_ports: "22-24,443,53-54/udp,80/udp"
  - target: 2001:db8::1/128
    name: gate
    expected_ports: "22"
`,
  );
});

Deno.test("learnYaml() writes an entry for each address of a network, in order", () => {
  const { text } = learn({
    targets: [
      { name: "dmz", parts: [part("192.0.2.0/24")] },
      { name: "again", parts: [part("192.0.2.0/28"), part("192.0.2.1")] },
    ],
    hosts: [
      host("192.0.2.10", "22"),
      host("192.0.2.9", "80"),
      host("192.0.2.2"),
      host("192.0.2.1", "22"),
      host("198.51.100.1", "22"),
    ],
  });
  assert.equal(
    text,
    `targets:
  # 192.0.2.0/24 (dmz): its addresses with open ports
  # left out, because nothing is open on them: 1
  - target: 192.0.2.9
    expected_ports: "80"
  - target: 192.0.2.10
    expected_ports: "22"
  # 192.0.2.0/28 (again): nothing else is open in it
  - target: 192.0.2.1
    expected_ports: "22"
`,
  );
});

Deno.test("learnYaml() expects of a host name what is open on each of its addresses", () => {
  const targets = [{ name: "db", parts: [part("db.example.com", "10.0.0.1", "10.0.0.2")] }];
  const check = (hosts: OpenHost[], entries: unknown) =>
    assert.deepEqual(learn({ targets, hosts }).entries, entries);
  const entry = { target: "db.example.com", name: "db" };
  check([host("10.0.0.1", "22 5432"), host("10.0.0.2", "5432")], [
    { ...entry, expected_ports: "5432", allowed_ports: "22" },
  ]);
  check([host("10.0.0.1", "5432 53/udp"), host("10.0.0.2", "5432 53/udp")], [
    { ...entry, expected_ports: "5432,53/udp" },
  ]);
  check([host("10.0.0.1", "5432")], [{ ...entry, allowed_ports: "5432" }]);
});

Deno.test("learnYaml() says what it left out and why", () => {
  const many = Array.from({ length: 20 }, (_, n) => 1 + n * 2).join(" ");
  const { text } = learn({
    portsPerHost: 19,
    targets: [
      { name: "10.0.0.1", parts: [part("10.0.0.1")] },
      { name: "x", parts: [{ text: "gone.example.com", networks: [] }] },
      { name: "wide", parts: [part("10.1.0.0/24")] },
      { name: "10.0.0.3", parts: [part("10.0.0.3")] },
      { name: "10.0.0.4", parts: [part("10.0.0.4")] },
      { name: "10.2.0.0/24", parts: [part("10.2.0.0/24")] },
    ],
    hosts: [host("10.1.0.1", many), host("10.0.0.3", "22"), host("10.0.0.4", many)],
  });
  assert.equal(
    text,
    `targets:
  # 10.0.0.1: nothing is open, left out
  # gone.example.com: no address is known, left out
  # 10.1.0.0/24 (wide): its addresses with open ports
  # 10.1.0.1: 20 ports are open, too many to expect, left out
  - target: 10.0.0.3
    expected_ports: "22"

# 10.0.0.4: 20 ports are open, too many to expect, left out
# 10.2.0.0/24: nothing is open, left out
`,
  );
});

Deno.test("learnYaml() is an empty list when there is nothing to learn", () => {
  assert.equal(learn({}).text, "targets: []\n");
});

Deno.test("learnYaml() gives names back as they are and lets none out of its comment", () => {
  const name = "a\n  - target: 10.9.9.9\r# b\u2028c: {";
  const ports = "22";
  const { entries } = learn({
    targets: [
      { name, parts: [part("10.0.0.1")] },
      { name: `${name}2`, parts: [part("10.1.0.0/24")] },
      { name: `${name}3`, parts: [{ text: name, networks: [] }] },
      { name: "on", parts: [part("::1")] },
    ],
    hosts: [host("10.0.0.1", ports), host("10.1.0.1", ports), host("::1", ports)],
  });
  assert.deepEqual(entries, [
    { target: "10.0.0.1", name, expected_ports: ports },
    { target: "10.1.0.1", expected_ports: ports },
    { target: "::1", name: "on", expected_ports: ports },
  ]);
});
