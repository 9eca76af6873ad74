import assert from "node:assert/strict";
import { type Command, HELP, parseCommand } from "../../src/cli/args.ts";
import { UsageError } from "../../src/cli/usage_error.ts";

const SERVE: Command = {
  name: "serve",
  configFile: "config.yaml",
  webConfigFile: undefined,
  autoReload: false,
  listen: undefined,
  telemetryPath: "/metrics",
  logLevel: "info",
  logFormat: "logfmt",
};

Deno.test("parseCommand() reads every flag, with = and with a blank", () => {
  const f = (args: string, expected: Partial<Command>) => {
    const words = args.split(" ").filter((word) => word !== "");
    const complete = { ...(expected.name === undefined ? SERVE : {}), ...expected };
    assert.deepEqual(parseCommand(words), complete, args);
  };
  f("", SERVE);
  for (const s of ["=", " "]) {
    f(`--config.file${s}/etc/x.yaml`, { configFile: "/etc/x.yaml" });
    f(`--web.listen-address${s}:1234`, { listen: { hostname: "0.0.0.0", port: 1234 } });
    f(`--web.listen-address${s}[::1]:0`, { listen: { hostname: "::1", port: 0 } });
    f(`--web.telemetry-path${s}/m`, { telemetryPath: "/m" });
    f(`--log.level${s}debug`, { logLevel: "debug" });
    f(`--log.format${s}json`, { logFormat: "json" });
  }
  f("--config.file=a=b", { configFile: "a=b" });
  f("--web.config.file=web.yml", { webConfigFile: "web.yml" });
  f("--config.check --web.config.file w", {
    name: "check",
    configFile: "config.yaml",
    webConfigFile: "w",
  });
  f("--config.file=--odd", { configFile: "--odd" });
  f("--config.file -", { configFile: "-" });
  f("--log.level=warn --log.level=error", { logLevel: "error" });
  // Booleans.
  f("--config.check", { name: "check", configFile: "config.yaml", webConfigFile: undefined });
  f("--config.check --config.file=x --log.level=debug", {
    name: "check",
    configFile: "x",
    webConfigFile: undefined,
  });
  f("--no-config.check", {});
  f("--config.enable-auto-reload", { autoReload: true });
  f("--no-config.enable-auto-reload", {});
  f("--config.enable-auto-reload --no-config.enable-auto-reload", {});
  f("--config.check --config.enable-auto-reload", {
    name: "check",
    configFile: "config.yaml",
    webConfigFile: undefined,
  });
  f("--config.check --no-config.check", {});
  f("--no-config.check --config.check", {
    name: "check",
    configFile: "config.yaml",
    webConfigFile: undefined,
  });
  f("--version", { name: "version" });
  f("--no-version --no-help", {});
  f("--help", { name: "help" });
  f("-h", { name: "help" });
  f("--version --config.check --help", { name: "help" });
  f("--version --config.check", { name: "version" });
  // Paths.
  for (
    const path of [
      "/a/b.c",
      "/metrics/",
      "/-/metrics",
      "/~x_1",
      "/healthz/metrics",
      "/...",
      "/v1/m",
    ]
  ) {
    f(`--web.telemetry-path=${path}`, { telemetryPath: path });
  }
  f("--", {});
  // A word.
  const learn = { name: "learn", configFile: "config.yaml", listen: undefined } as const;
  f("learn", learn);
  f("learn --config.file=x", { ...learn, configFile: "x" });
  f("--web.listen-address :1234 learn", {
    ...learn,
    listen: { hostname: "0.0.0.0", port: 1234 },
  });
  f("learn --help", { name: "help" });
  f("--version learn", { name: "version" });
});

Deno.test("parseCommand() refuses what it does not know, and says what was meant", () => {
  const f = (args: readonly string[], expected: string | RegExp) => {
    const refused = (error: unknown) => {
      assert.ok(error instanceof UsageError, `${args}: ${error}`);
      if (typeof expected === "string") assert.equal(error.message, expected);
      else assert.match(error.message, expected);
      return true;
    };
    assert.throws(() => parseCommand(args), refused, args.join(" "));
  };
  // Near misses.
  f(["--config.flie=x"], 'Unknown flag "--config.flie": did you mean "--config.file"?');
  f(["--log.levl", "debug"], 'Unknown flag "--log.levl": did you mean "--log.level"?');
  f(["--log-level=debug"], 'Unknown flag "--log-level": did you mean "--log.level"?');
  f(
    ["--web.listen_address=:1"],
    'Unknown flag "--web.listen_address": did you mean "--web.listen-address"?',
  );
  f(["--Config.Check"], 'Unknown flag "--Config.Check": did you mean "--config.check"?');
  f(["--verison"], 'Unknown flag "--verison": did you mean "--version"?');
  f(["-config.file=x"], 'Unknown flag "-config.file": did you mean "--config.file"?');
  f(["--xyz"], /^Unknown flag "--xyz": allowed: --config\.check, .*, --web\.telemetry-path$/);
  f(["-x"], /^Unknown flag "-x": allowed: /);
  f(["-hx"], /^Unknown flag "-hx": /);
  f(["-p22"], /^Unknown flag "-p22": /);
  f(["-v"], /^Unknown flag "-v": /);
  f(["--" + "x".repeat(1000)], /^Unknown flag "--x{58}": allowed/);
  f(["--\u001b[2J\n"], /^Unknown flag "--\\u001b\[2J\\n": /);
  f(["--__proto__=x"], /^Unknown flag "--__proto__": /);
  f(["--constructor"], /^Unknown flag "--constructor": /);
  f(["--toString"], /^Unknown flag "--toString": /);
  f(["--="], /^Unknown flag "--": /);
  // The web configuration.
  f(["--web.config.file="], "--web.config.file: Cannot be empty: write a path, or leave it out");
  f(["learn", "--web.config.file=w"], "--web.config.file: Cannot use it with learn");
  f(
    ["--config.enable-autoreload"],
    'Unknown flag "--config.enable-autoreload": did you mean "--config.enable-auto-reload"?',
  );
  f(
    ["--config.enable-auto-reload=30s"],
    "--config.enable-auto-reload: Cannot take a value: write --config.enable-auto-reload or --no-config.enable-auto-reload",
  );
  // Negation of what is no boolean, or twice.
  f(["--no-config.file"], /^Unknown flag "--no-config\.file": /);
  f(["--no-log.level=debug"], /^Unknown flag "--no-log\.level": /);
  f(["--no-no-help"], /^Unknown flag "--no-no-help": /);
  // Values.
  f(
    ["--config.check=true"],
    "--config.check: Cannot take a value: write --config.check or --no-config.check",
  );
  f(
    ["--config.check="],
    "--config.check: Cannot take a value: write --config.check or --no-config.check",
  );
  f(
    ["--no-config.check=1"],
    "--no-config.check: Cannot take a value: write --config.check or --no-config.check",
  );
  f(["--help=me"], "--help: Cannot take a value: write --help or --no-help");
  for (
    const flag of [
      "config.file",
      "web.listen-address",
      "web.telemetry-path",
      "log.level",
      "log.format",
    ]
  ) {
    const missing = `--${flag}: Cannot do without a value: write --${flag}=VALUE`;
    f([`--${flag}`], missing);
    f([`--${flag}`, "--help"], missing);
    f([`--${flag}`, "--config.check"], missing);
    f([`--${flag}`, "-h"], missing);
  }
  f(["--config.file="], "--config.file: Cannot be empty: write a path");
  f(["--config.file", ""], "--config.file: Cannot be empty: write a path");
  f(
    ["--log.level=trace"],
    '--log.level: Cannot use "trace": write one of debug, info, warn, error',
  );
  f(["--log.level="], '--log.level: Cannot use "": write one of debug, info, warn, error');
  f(["--log.level=INFO"], '--log.level: Cannot use "INFO": write one of debug, info, warn, error');
  f(["--log.format=xml"], '--log.format: Cannot use "xml": write one of logfmt, json');
  f(
    ["--web.listen-address=9919"],
    /^--web\.listen-address: Cannot read the listen address: write :9919, /,
  );
  f(
    ["--web.listen-address=example.org:80"],
    /^--web\.listen-address: Cannot read an IP address here/,
  );
  f(["--config.check", "--web.listen-address=:x"], /^--web\.listen-address: Cannot/);
  for (
    const path of [
      "",
      "metrics",
      "/a b",
      "/a?b",
      "/a#b",
      "/:a",
      "/*",
      "/a%20b",
      "/ü",
      "/a\n",
      "//",
      "//a",
      "/a//b",
      "/.",
      "/..",
      "/a/..",
      "/../a",
      "/a/./b",
    ]
  ) {
    f(
      [`--web.telemetry-path=${path}`],
      /^--web\.telemetry-path: Cannot use it: write a path such as \/metrics/,
    );
  }
  const taken = ["/", "/query", "/healthz", "/-/healthy", "/-/ready", "/-/reload", "/config"];
  taken.push(
    "/events",
    "/assets/page.css",
    "/hosts/127.0.0.1",
    "/v1/openapi.json",
    "/v1/tasks",
    "/v1/tasks/scan",
    "/v1/sd",
    "/v1/changes",
    "/v1/hosts",
    "/v1/hosts/",
    "/v1/hosts/127.0.0.1",
    "/v1/hosts/a/b",
  );
  for (const path of taken) {
    f(
      [`--web.telemetry-path=${path}`],
      `--web.telemetry-path: Cannot use ${path}: something else is served there`,
    );
  }
  // Flags that mean nothing beside a word.
  for (const flag of ["config.check", "config.enable-auto-reload"]) {
    f(["learn", `--${flag}`], `--${flag}: Cannot use it with learn`);
    f(["learn", `--no-${flag}`], `--${flag}: Cannot use it with learn`);
  }
  f(["--log.level=debug", "learn"], "--log.level: Cannot use it with learn");
  f(["learn", "--web.listen-address=x"], /^--web\.listen-address: Cannot/);
  for (const word of ["rules", "dashboard"]) {
    f([word, "--log.level=debug"], `--log.level: Cannot use it with ${word}`);
    f([word, word], `Unexpected argument "${word}": ${word} takes nothing but flags`);
  }
  f(["learn", "192.0.2.1"], 'Unexpected argument "192.0.2.1": learn takes nothing but flags');
  // Arguments that are no flags.
  const allowed = "allowed: dashboard, learn, rules, scan (flags begin with --)";
  for (const word of ["config.yaml", "help", "", "-", "—help", "x".repeat(60)]) {
    f([word], `Unexpected argument ${JSON.stringify(word)}: ${allowed}`);
  }
  f(["rule"], 'Unexpected argument "rule": did you mean "rules"? (flags begin with --)');
  f(["Learn"], 'Unexpected argument "Learn": did you mean "learn"? (flags begin with --)');
  f(["x".repeat(1000)], /^Unexpected argument "x{60}": allowed/);
  f(["--config.check", "true"], `Unexpected argument "true": ${allowed}`);
  f(["--help", "me"], `Unexpected argument "me": ${allowed}`);
  f(["--", "--help"], `Unexpected argument "--help": ${allowed}`);
});

Deno.test("HELP names every flag and fits a terminal", () => {
  const flags = [...HELP.matchAll(/^ {2}(--[a-z.-]+)/gm)].map(([, flag]) => flag);
  assert.deepEqual(flags, [
    "--config.check",
    "--config.enable-auto-reload",
    "--config.file",
    "--help",
    "--log.format",
    "--log.level",
    "--version",
    "--web.config.file",
    "--web.listen-address",
    "--web.telemetry-path",
    "--fail-on-unexpected",
    "--output",
    "--ports",
    "--protocol",
  ]);
  const words = [...HELP.matchAll(/^ {2}([a-z]+) /gm)].map(([, word]) => word);
  assert.deepEqual(words, ["dashboard", "learn", "rules", "scan"]);
  assert.ok(HELP.split("\n").every((line) => line.length <= 80));
  assert.ok(HELP.endsWith("\n"));
});
