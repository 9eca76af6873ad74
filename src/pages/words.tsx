import { escapeControls } from "../text/escape_controls.ts";

/** Characters of a name, and of a list of ports, that are shown. */
const NAME_LENGTH = 80;
const PORTS_LENGTH = 40;

/** `text` cut to `length` characters, an ellipsis included, with nothing invisible in it. */
export function shortened(text: string, length: number): string {
  const chars = [...text.slice(0, 2 * length + 2)];
  const shown = chars.length > length ? `${chars.slice(0, length - 1).join("")}…` : text;
  return escapeControls(shown.toWellFormed());
}

/** A text that somebody else made up: its direction stays its own affair. */
export function Name({ text }: { text: string }) {
  return <bdi>{shortened(text, NAME_LENGTH)}</bdi>;
}

/** Ports and protocol of a scan. */
export function Scanned({ portRange, protocol }: { portRange: string; protocol: string }) {
  const shown = shortened(portRange.replaceAll(",", ", "), PORTS_LENGTH);
  return <span class={portRange.includes(",") ? "mono" : "mono nowrap"}>{shown}/{protocol}</span>;
}

/** An address that leads to the page of its host. */
export function HostLink({ ip }: { ip: string }) {
  return <a class="mono" href={`/hosts/${encodeURIComponent(ip).replaceAll("%3A", ":")}`}>{ip}</a>;
}

/** Name of the target that something belongs to, or a dash. */
export function TargetName({ name }: { name: string | undefined }) {
  return name === undefined ? <span class="muted">–</span> : <Name text={name} />;
}
