import assert from "node:assert/strict";
import { compile } from "../support/compiled.ts";
import { ThrowawayRoot } from "../deploy/throwaway_root.ts";
import denoJson from "../../deno.json" with { type: "json" };
import { ROOT } from "../support/root.ts";

const NAME = "openport-exporter";
const CONFIG = `/etc/${NAME}/config.yaml`;
const STATE = `/var/lib/${NAME}`;
const UNIT = `/usr/lib/systemd/system/${NAME}.service`;
const WANTED = `/etc/systemd/system/multi-user.target.wants/${NAME}.service`;
const VERSION = denoJson.version;
const NEXT = "99.0.0";
/** A copy that is no checkout, or that git takes for somebody else's, has to be told its time. */
const dated = await isCheckout() ? {} : { SOURCE_DATE_EPOCH: "1790000000" };
/** Users are made, file systems mounted: only root can. */
const ignore = Deno.uid() !== 0;

let folder = "";
/** As it is made. */
let made = "";
/** The same without compression, to be quick. */
let deb = "";
/** And with a higher version. */
let nextDeb = "";

Deno.test.beforeAll(async () => {
  if (ignore) return;
  folder = await Deno.makeTempDir({ prefix: `${NAME}-package-` });
  const executable = `${folder}/${NAME}`;
  await compile(executable);
  await Deno.mkdir(`${folder}/again`);
  [made] = await Promise.all([make(executable, folder), make(executable, `${folder}/again`)]);
  deb = await repacked(made, VERSION);
  nextDeb = await repacked(made, NEXT);
});

Deno.test.afterAll(async () => {
  if (!ignore) await Deno.remove(folder, { recursive: true });
});

async function isCheckout(): Promise<boolean> {
  const git = new Deno.Command("git", { args: ["log", "-1"], cwd: ROOT, stderr: "null" });
  return await git.output().then(({ success }) => success, () => false);
}

/** Makes a package as `deno task package` does, and returns its path. */
async function make(executable: string, output: string): Promise<string> {
  const environment = "SOURCE_DATE_EPOCH,DEBFULLNAME,DEBEMAIL";
  const permissions = ["--allow-read", "--allow-write", "--allow-run=dpkg-deb,git"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--frozen", "--no-prompt", ...permissions, `--allow-env=${environment}`],
      ...[`${ROOT}deploy/make_deb.ts`, `--executable=${executable}`, `--output=${output}`],
    ],
    stdin: "null",
    env: dated,
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

/** The same package with another version and without compression; returns its path. */
async function repacked(deb: string, version: string): Promise<string> {
  const path = `${folder}/${NAME}_${version}_uncompressed.deb`;
  const script = `set -e
dpkg-deb -R "$1" "$2/tree"
sed -i "s/^Version: .*/Version: $4/" "$2/tree/DEBIAN/control"
dpkg-deb -Znone --root-owner-group -b "$2/tree" "$3" >/dev/null
rm -r "$2/tree"`;
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", script, "sh", deb, folder, path, version],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return path;
}

function test(name: string, fn: (root: ThrowawayRoot) => Promise<void>): void {
  Deno.test({
    name: `the package ${name}`,
    ignore,
    async fn() {
      await using root = await ThrowawayRoot.make();
      await fn(root);
    },
  });
}

/** Installs a package file, and returns what dpkg said. */
async function install(root: ThrowawayRoot, path: string, ...flags: string[]): Promise<string> {
  const { code, text } = await root.run("dpkg", ...flags, "-i", await root.take(path));
  assert.equal(code, 0, text);
  return text;
}

/** A systemctl that notes how it is called; systemd seems to run, with only our unit active. */
const FAKE_SYSTEMCTL = `#!/bin/sh
echo "$*" >>/tmp/calls
unit=${NAME}.service
case " $* " in
*" is-enabled "*)
  if [ -L /etc/systemd/system/$unit ]; then echo masked; exit 1; fi
  if [ -L ${WANTED} ]; then echo enabled; exit 0; fi
  echo disabled; exit 1 ;;
*" is-active "*) test -e /tmp/active ;;
*" enable "* | *" preset "*) SYSTEMD_OFFLINE=1 /usr/bin/systemctl "$@" ;;
*" start "* | *" restart "*) touch /tmp/active ;;
*" stop "*) rm -f /tmp/active ;;
esac`;

async function fakeSystemd(root: ThrowawayRoot): Promise<void> {
  await root.sh(`mkdir -p /run/systemd/system
cat >/usr/local/sbin/systemctl <<'END'
${FAKE_SYSTEMCTL}
END
chmod 755 /usr/local/sbin/systemctl`);
}

/** What systemd was asked to do since the last time, without questions. */
async function calls(root: ThrowawayRoot): Promise<string[]> {
  const text = await root.sh("cat /tmp/calls 2>/dev/null || true; rm -f /tmp/calls");
  return text.split("\n").map((line) => /(daemon-reload|start|restart|stop)\b/.exec(line)?.[0])
    .filter((action) => action !== undefined);
}

/** Values of a key of the installed unit. */
async function unitValue(root: ThrowawayRoot, key: string): Promise<string> {
  return await root.sh(`sed -n 's/^${key}=//p' ${UNIT}`);
}

/** Runs the service as its unit would, without systemd; ends it with SIGTERM when disposed of. */
async function runService(root: ThrowawayRoot): Promise<AsyncDisposable> {
  const capabilities = ["inh-caps", "ambient-caps", "bounding-set"].map((set) =>
    `--${set}=-all,+net_raw`
  );
  const user = await unitValue(root, "User");
  const start = await unitValue(root, "ExecStart");
  const directory = await unitValue(root, "WorkingDirectory");
  const as = ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups", "--no-new-privs"];
  const child = root.spawn([
    ...["sh", "-c", `cd ${directory} && umask 077 && exec "$@" 2>>/tmp/log`, "sh"],
    ...[...as, ...capabilities, ...start.split(" ")],
  ]);
  return {
    async [Symbol.asyncDispose]() {
      await root.run("pkill", "-TERM", "-x", NAME.slice(0, 15));
      assert.equal((await child.status).code, 0, await root.sh("cat /tmp/log"));
    },
  };
}

/** The page of metrics, once `what` is in it. */
async function metricsWith(root: ThrowawayRoot, what: string): Promise<string> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const { stdout } = await root.run("curl", "-s", "-m", "5", "http://127.0.0.1:9919/metrics");
    if (stdout.includes(what)) return stdout;
    const log = await root.sh("cat /tmp/log");
    assert.ok(performance.now() < deadline, `Not within 30 s: ${what}\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** What dpkg and the tools for users keep, whatever package it is. */
const KEPT =
  /^(etc\/(passwd|shadow|group|gshadow)-?|etc\/\.pwd\.lock|var\/(lib\/dpkg|log|cache)\/.*)$/;

/** Paths that were made, changed or deleted since `before`, apart from what was a folder all along. */
async function leftBehind(root: ThrowawayRoot, before: readonly string[]): Promise<string[]> {
  const left: string[] = [];
  for (const path of await root.changed()) {
    if (before.includes(path) || KEPT.test(path)) continue;
    const original = await Deno.lstat(`/${path}`).catch(() => undefined);
    if (original?.isDirectory !== true) left.push(path);
  }
  return left;
}

Deno.test({
  name: "the package is the same, byte by byte, when it is made again",
  ignore,
  async fn() {
    const again = made.replace(folder, `${folder}/again`);
    assert.notEqual(again, made);
    assert.ok(equal(await Deno.readFile(made), await Deno.readFile(again)));
    assert.equal(made, `${folder}/${NAME}_${VERSION}_${await architecture()}.deb`);
  },
});

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

async function architecture(): Promise<string> {
  const { stdout } = await new Deno.Command("dpkg", { args: ["--print-architecture"] }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test({
  name: "the checksums beside the package are those of the package and the executable",
  ignore,
  async fn() {
    const link = `${folder}/again/${NAME}`;
    await Deno.symlink(`${folder}/${NAME}`, link);
    const check = async () =>
      await new Deno.Command("sha256sum", {
        args: ["--check", "SHA256SUMS"],
        cwd: `${folder}/again`,
        env: { LC_ALL: "C" },
      }).output();
    const { code, stdout } = await check();
    const lines = [`${NAME}: OK`, `${NAME}_${VERSION}_${await architecture()}.deb: OK`, ""];
    assert.deepEqual([code, new TextDecoder().decode(stdout)], [0, lines.join("\n")]);
    await Deno.remove(link);
    await Deno.writeTextFile(link, "another");
    assert.equal((await check()).code, 1);
  },
});

test("installs what it contains, with owners and modes, and its dependencies are there", async (root) => {
  await install(root, made);
  assert.equal(
    await root.sh(`dpkg-query -W -f '\${Status} \${Version}' ${NAME}`),
    [
      "install ok installed",
      VERSION,
    ].join(" "),
  );
  const verified = await root.run("dpkg", "--verify", NAME);
  assert.deepEqual([verified.code, verified.text], [0, ""]);
  const facts = (path: string) => root.sh(`stat -c '%U:%G %a' ${path}`);
  assert.equal(await facts(CONFIG), `root:${NAME} 640`);
  assert.equal(await facts(`/etc/${NAME}`), "root:root 755");
  assert.equal(await facts(STATE), `${NAME}:${NAME} 700`);
  assert.equal(await facts(`/usr/bin/${NAME}`), "root:root 755");
  assert.equal(await facts(UNIT), "root:root 644");
  assert.match(
    await root.sh(`getent passwd ${NAME}`),
    /^[^:]+:x:\d+:\d+:[^:]+:\/var\/lib\/[^:]+:\/usr\/sbin\/nologin$/,
  );
  for (const file of ["copyright", "changelog.gz", "README.md.gz"]) {
    await root.sh(`test -s /usr/share/doc/${NAME}/${file}`);
  }
  assert.match(
    await root.sh(`${NAME} --version`),
    new RegExp(`version ${VERSION.replaceAll(".", "\\.")} `),
  );
});

test("has a unit that passes systemd-analyze verify without a word", async (root) => {
  await install(root, deb);
  const { code, text } = await root.run("systemd-analyze", "verify", "--man=no", UNIT);
  assert.deepEqual(text.split("\n").filter((line) => line.includes(NAME)), []);
  assert.equal(code, 0, text);
  const exposure = ["security", "--offline=true", "--no-pager", "--threshold=20", UNIT];
  const security = await root.run("systemd-analyze", ...exposure);
  assert.equal(security.code, 0, security.text);
  assert.equal(await unitValue(root, "DynamicUser"), "");
});

test("runs with its own configuration: scans loopback, listens on loopback, keeps state", async (root) => {
  await install(root, deb);
  const checked = await root.run(NAME, "--config.check", `--config.file=${CONFIG}`);
  assert.equal(checked.code, 0, checked.text);
  {
    await using _service = await runService(root);
    const page = await metricsWith(root, 'open_ports_total{ip="127.0.0.1"}');
    assert.match(page, /^openport_nmap_info\{.*scan_technique="syn"\} 1$/m);
    assert.match(page, /^open_port_status\{ip="127\.0\.0\.1",port="9919",protocol="tcp"\} 1$/m);
    assert.deepEqual(
      [...page.matchAll(/^last_scan_timestamp_seconds\{target="([^"]+)"/gm)].map((match) =>
        match[1]
      ),
      ["127.0.0.1/32"],
    );
    const listening = await root.sh("ss -Hltn | awk '{ print $4 }'");
    assert.equal(listening, "127.0.0.1:9919");
  }
  assert.equal((await root.run("curl", "-s", "http://127.0.0.1:9919/metrics")).code, 7);
  assert.equal(await root.sh(`stat -c '%U %a' ${STATE}/${NAME}.db`), `${NAME} 600`);
});

test("keeps a changed configuration and the state at an upgrade, and runs on with them", async (root) => {
  await install(root, deb);
  await root.sh(
    `sed -i 's/interval: 300/interval: 1d/' ${CONFIG}; chmod 0600 ${CONFIG}; chown ${NAME} ${CONFIG}`,
  );
  {
    await using _service = await runService(root);
    await metricsWith(root, 'open_ports_total{ip="127.0.0.1"}');
  }
  const said = await install(root, nextDeb);
  assert.doesNotMatch(said, /[Cc]onfiguration file/);
  assert.equal(await root.sh(`dpkg-query -W -f '\${Version}' ${NAME}`), NEXT);
  await root.sh(`grep -q 'interval: 1d' ${CONFIG}`);
  assert.equal(await root.sh(`stat -c '%U %a' ${CONFIG}`), `${NAME} 600`);
  await using _service = await runService(root);
  // Not due for a day: what is on the page was remembered.
  const page = await metricsWith(root, "open_ports_total");
  assert.match(page, /^scans_successful_total\{target="127\.0\.0\.1\/32".*\} 1$/m);
  assert.match(page, /^task_queue_size 0$/m);
});

test("asks nobody when both it and the administrator changed the configuration, given --force-confold", async (root) => {
  await install(root, deb);
  await root.sh(`echo '# mine' >>${CONFIG}`);
  const changed = await root.take(nextDeb);
  await root.sh(`dpkg-deb -R ${changed} /tmp/tree
echo '# theirs' >>/tmp/tree${CONFIG}
dpkg-deb -Znone --root-owner-group -b /tmp/tree /tmp/changed.deb`);
  const { code, text } = await root.run("dpkg", "--force-confold", "-i", "/tmp/changed.deb");
  assert.equal(code, 0, text);
  assert.equal(await root.sh(`tail -n 1 ${CONFIG}`), "# mine");
  assert.equal(await root.sh(`tail -n 1 ${CONFIG}.dpkg-dist`), "# theirs");
});

test("keeps configuration and state when removed, and leaves nothing but its user when purged", async (root) => {
  const before = await root.changed();
  await install(root, deb);
  await root.sh(
    `echo '# mine' >>${CONFIG}; touch ${STATE}/${NAME}.db ${STATE}/${NAME}.db.corrupt-1`,
  );
  await root.sh(`dpkg --remove ${NAME}`);
  assert.equal(
    await root.sh(`tail -n 1 ${CONFIG}; ls ${STATE}; ls /usr/bin | grep ${NAME} || true`),
    [
      "# mine",
      `${NAME}.db`,
      `${NAME}.db.corrupt-1`,
    ].join("\n"),
  );
  await install(root, deb);
  assert.equal(await root.sh(`tail -n 1 ${CONFIG}; ls ${STATE} | wc -l`), "# mine\n2");
  await root.sh(`dpkg --purge ${NAME}`);
  assert.deepEqual(await leftBehind(root, before), []);
  await root.sh(`getent passwd ${NAME}`);
  assert.equal((await root.run("dpkg", "-s", NAME)).code, 1);
  await install(root, deb);
  await root.sh(
    `cmp ${CONFIG} /dev/stdin <<'END'\n${await Deno.readTextFile(`${ROOT}config.yaml`)}END\n`,
  );
  assert.equal((await root.run("dpkg", "--verify", NAME)).text, "");
});

test("is enabled and started when installed, restarted when upgraded, stopped when removed", async (root) => {
  await fakeSystemd(root);
  const before = await root.changed();
  await install(root, deb);
  assert.equal(await root.sh(`readlink -f ${WANTED}`), UNIT);
  assert.deepEqual(await calls(root), ["daemon-reload", "start"]);
  await install(root, nextDeb);
  assert.deepEqual(await calls(root), ["daemon-reload", "restart"]);
  await root.sh(`dpkg --remove ${NAME}`);
  assert.deepEqual(await calls(root), ["stop", "daemon-reload"]);
  await install(root, deb);
  await root.sh("test -e /tmp/active");
  await root.sh(`dpkg --purge ${NAME}; test ! -e /tmp/active; test ! -L ${WANTED}`);
  assert.deepEqual(await leftBehind(root, before), []);
});

test("does not start, or enable again, a service that was disabled or masked", async (root) => {
  await fakeSystemd(root);
  await install(root, deb);
  // As `systemctl disable --now` does.
  await root.sh(`rm ${WANTED} /tmp/active /tmp/calls`);
  await install(root, nextDeb);
  await root.sh(`test ! -L ${WANTED}; test ! -e /tmp/active`);
  assert.deepEqual(await calls(root), ["daemon-reload"]);
  await root.sh(`ln -s /dev/null /etc/systemd/system/${NAME}.service`);
  await install(root, nextDeb);
  await root.sh(`test ! -e /tmp/active; test -L /etc/systemd/system/${NAME}.service`);
  assert.deepEqual(await calls(root), ["daemon-reload"]);
});

test("obeys a policy that starts nothing, such as that of a container image", async (root) => {
  await fakeSystemd(root);
  await root.sh(
    "printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d",
  );
  await install(root, deb);
  assert.deepEqual(await calls(root), ["daemon-reload"]);
});

test("installs, upgrades and purges without systemd and the helpers of Debian", async (root) => {
  await root.sh("rm -f /usr/bin/systemctl /usr/bin/systemd-sysusers /usr/bin/deb-systemd-*");
  const before = await root.changed();
  await install(root, deb);
  assert.match(await root.sh(`getent passwd ${NAME}`), /:\/var\/lib\/[^:]+:\/usr\/sbin\/nologin$/);
  assert.equal(await root.sh(`stat -c %G ${CONFIG}`), NAME);
  await install(root, nextDeb);
  {
    await using _service = await runService(root);
    await metricsWith(root, "openport_exporter_build_info");
  }
  await root.sh(`dpkg --purge ${NAME}`);
  assert.deepEqual(await leftBehind(root, before), []);
});

test("starts the service without the helpers of Debian, too", async (root) => {
  await root.sh("rm -f /usr/bin/deb-systemd-*");
  await fakeSystemd(root);
  await install(root, deb);
  assert.equal(await root.sh(`readlink -f ${WANTED}`), UNIT);
  assert.deepEqual(await calls(root), ["daemon-reload", "start"]);
  await install(root, nextDeb);
  assert.deepEqual(await calls(root), ["daemon-reload", "restart"]);
  await root.sh(`dpkg --remove ${NAME}`);
  assert.deepEqual(await calls(root), ["stop", "daemon-reload"]);
});

test("survives a failed upgrade with the old version, configuration and state", async (root) => {
  await fakeSystemd(root);
  await install(root, deb);
  await root.sh(`touch ${STATE}/${NAME}.db; dpkg-deb -R ${await root.take(nextDeb)} /tmp/tree
printf '#!/bin/sh\\nexit 1\\n' >/tmp/tree/DEBIAN/preinst; chmod 755 /tmp/tree/DEBIAN/preinst
dpkg-deb -Znone --root-owner-group -b /tmp/tree /tmp/failing.deb; rm /tmp/calls`);
  assert.equal((await root.run("dpkg", "-i", "/tmp/failing.deb")).code, 1);
  assert.equal(
    await root.sh(`dpkg-query -W -f '\${Status} \${Version}' ${NAME}`),
    [
      "install ok installed",
      VERSION,
    ].join(" "),
  );
  await root.sh(`test -e ${STATE}/${NAME}.db; test -e /tmp/active`);
});

test("takes the place of a package of the Go original", async (root) => {
  await fakeSystemd(root);
  // The layout of those packages, with a configuration that was changed.
  await root.sh(
    `mkdir -p /tmp/go/DEBIAN /tmp/go/usr/bin /tmp/go/lib/systemd/system /tmp/go/etc/${NAME} /tmp/go/etc/default
cd /tmp/go
cp /bin/true usr/bin/${NAME}
printf '[Service]\\nExecStart=/usr/bin/${NAME}\\n[Install]\\nWantedBy=multi-user.target\\n' >lib/systemd/system/${NAME}.service
echo 'server: { port: 9919, trusted_proxies_cidrs: [] }' >etc/${NAME}/config.yaml
echo 'EXTRA_ARGS=""' >etc/default/${NAME}
printf '/etc/${NAME}/config.yaml\\n/etc/default/${NAME}\\n' >DEBIAN/conffiles
printf 'Package: ${NAME}\\nVersion: 0.0.1\\nArchitecture: all\\nMaintainer: x <x@example.org>\\nDescription: x\\n' >DEBIAN/control
dpkg-deb -Znone -b . /tmp/go.deb && dpkg -i /tmp/go.deb
sed -i 's/9919/9920/' /etc/${NAME}/config.yaml`,
  );
  await install(root, deb, "--force-confold");
  await root.sh(`test -s ${UNIT}; grep -q 9920 ${CONFIG}; test -e ${CONFIG}.dpkg-dist`);
  const checked = await root.run(NAME, "--config.check", `--config.file=${CONFIG}`);
  assert.equal(checked.code, 2);
  assert.match(checked.text, /server\.trusted_proxies_cidrs/);
  assert.deepEqual((await calls(root)).slice(-2), ["daemon-reload", "restart"]);
});
