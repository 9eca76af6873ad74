import type {
  Config,
  PortsByProtocol,
  ScanningConfig,
  TargetConfig,
} from "../../src/config/config.ts";
import { formatNetwork } from "../../src/domain/network.ts";

/** A configuration as plain values. */
export function plain({ scanning, targets, policy, ...rest }: Config) {
  const { writtenNmap: _, ...resolved } = scanning;
  return {
    ...rest,
    scanning: {
      ...resolved,
      ports: scanning.ports.toString(),
      exclude: scanning.exclude.map(formatNetwork),
    },
    targets: targets.map((target) => plainTarget(target, scanning)),
    policy: {
      ...policy,
      allowedNetworks: policy.allowedNetworks.map(formatNetwork),
      clientNetworks: policy.clientNetworks.map(formatNetwork),
      trustedProxies: policy.trustedProxies.map(formatNetwork),
    },
  };
}

/** A target as plain values; options that are the configuration's own are left out. */
export function plainTarget(target: TargetConfig, scanning?: ScanningConfig) {
  const { name, texts, hostNames, protocols, hasPolicy, labels, nmap, timeout } = target;
  return {
    name,
    texts,
    hostNames,
    protocols,
    hasPolicy,
    labels,
    networks: target.networks.map(({ text, network }) => [text, formatNetwork(network)]),
    schedules: target.schedules.map(({ ports, ...schedule }) => ({
      ...schedule,
      ports: ports === "known" ? ports : portTexts(ports),
    })),
    expected: portTexts(target.expected),
    allowed: portTexts(target.allowed),
    ...(nmap === scanning?.nmap ? {} : { nmap }),
    ...(timeout === scanning?.timeout ? {} : { timeout }),
  };
}

/** Port sets as text. */
export function portTexts({ tcp, udp }: PortsByProtocol) {
  return { tcp: tcp.toString(), udp: udp.toString() };
}
