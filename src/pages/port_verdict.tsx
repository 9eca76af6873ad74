import type { PortVerdict } from "../overview/overview.ts";

const TEXTS = {
  expected: "expected",
  allowed: "allowed",
  unexpected: "unexpected",
} as const;

/** What the policy says of an open port, in words; colour only underlines it. */
export function Verdict({ verdict }: { verdict: PortVerdict }) {
  if (verdict === undefined) return <span class="muted">no policy</span>;
  return <span class={`mark ${verdict}`}>{TEXTS[verdict]}</span>;
}
