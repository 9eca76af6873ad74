import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/parse_config.ts";
import { nameNetworks } from "../../src/discovery/named_networks.ts";
import { parseAddress } from "../../src/domain/address.ts";
import { formatNetwork } from "../../src/domain/network.ts";

function name(yaml: string, addresses: Record<string, string[]>) {
  const { config } = parseConfig(yaml, "c");
  const { targets, byName, origins } = nameNetworks(
    config.targets,
    (hostName) => (addresses[hostName] ?? []).map(parseAddress),
  );
  return {
    config,
    targets,
    networks: Object.fromEntries(targets.map(({ name, networks }) => [
      name,
      networks.map(({ network }) => formatNetwork(network)).join(" "),
    ])),
    byName: Object.fromEntries(
      Array.from(byName, ([hostName, targets]) => [hostName, targets.map(({ name }) => name)]),
    ),
    origins: Object.fromEntries(Array.from(origins, ([address, of]) => [
      address,
      of.map(({ target, hostName }) => `${target.name}: ${hostName}`),
    ])),
  };
}

Deno.test("nameNetworks() adds each address of each name once, and keeps where it came from", () => {
  const { networks, byName, origins } = name(
    `targets:
  - { name: pair, target: [a.example, 10.0.0.0/24, b.example] }
  - b.example
  - unknown.example`,
    {
      "a.example": ["192.0.2.1", "2001:db8::1"],
      "b.example": ["192.0.2.1", "192.0.2.2"],
    },
  );
  assert.deepEqual(networks, {
    pair: "10.0.0.0/24 192.0.2.1/32 2001:db8::1/128 192.0.2.2/32",
    "b.example": "192.0.2.1/32 192.0.2.2/32",
    "unknown.example": "",
  });
  assert.deepEqual(byName, {
    "a.example": ["pair"],
    "b.example": ["pair", "b.example"],
    "unknown.example": ["unknown.example"],
  });
  assert.deepEqual(origins, {
    "192.0.2.1": ["pair: a.example", "pair: b.example", "b.example: b.example"],
    "192.0.2.2": ["pair: b.example", "b.example: b.example"],
    "2001:db8::1": ["pair: a.example"],
  });
});

Deno.test("nameNetworks() gives an address that is written no other origin", () => {
  const { networks, origins } = name("targets: [a.example, 192.0.2.1, 192.0.2.2/31]", {
    "a.example": ["192.0.2.1", "192.0.2.2"],
  });
  assert.equal(networks["a.example"], "192.0.2.1/32 192.0.2.2/32");
  assert.deepEqual(origins, { "192.0.2.2": ["a.example: a.example"] });
});

Deno.test("nameNetworks() gives back targets that nothing is added to", () => {
  const { config, targets } = name("targets: [10.0.0.1, a.example]", {});
  assert.deepEqual(targets.map((target, i) => target === config.targets[i]), [true, true]);
});
