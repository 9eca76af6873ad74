import { PROTOCOLS } from "../../src/domain/scan.ts";
import type { PortPolicy } from "../../src/policy/port_policy.ts";

/** All that a policy finds now, a line each; what is unexpected by address, then name. */
export function findings(policy: PortPolicy): string[] {
  const unexpected = policy.unexpected().flatMap(({ items }) =>
    items.flatMap(({ name, ip, ports }) =>
      PROTOCOLS.flatMap((protocol) =>
        ports[protocol].map((port) => `unexpected ${name} ${ip} ${port}/${protocol}`)
      )
    )
  );
  const { missing, targets } = policy.judge();
  return [
    ...unexpected,
    ...missing.map(({ name, ip, port, protocol }) => `missing ${name} ${ip} ${port}/${protocol}`),
    ...targets.map(({ name, violations, unknown }) =>
      `${name}: ${violations} violations, ${unknown} unknown`
    ),
  ];
}
