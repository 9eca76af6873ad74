import { Document, Scalar, YAMLSeq } from "yaml";
import { type Address, compareAddresses, parseAddress } from "../domain/address.ts";
import { addressAt, isSingle, type Network } from "../domain/network.ts";
import { NetworkIndex } from "../domain/network_index.ts";
import { MAX_PORT_ITEMS, PortSet } from "../domain/ports.ts";
import { type Protocol, PROTOCOLS } from "../domain/scan.ts";
import { escapeControls } from "../text/escape_controls.ts";

/** An address, network or host name of a target, as written, and the networks that it stands for now. */
export interface LearnPart {
  readonly text: string;
  /** None when a host name cannot be resolved. */
  readonly networks: readonly Network[];
}

/** A target as far as its ports are learnt. */
export interface LearnTarget {
  readonly name: string;
  readonly parts: readonly LearnPart[];
}

/** An address with the ports that are open on it now. */
export interface OpenHost {
  /** Canonical text. */
  readonly ip: string;
  readonly ports: readonly { readonly port: number; readonly protocol: Protocol }[];
}

/** What `learnYaml` writes about. */
export interface LearnOptions {
  readonly targets: readonly LearnTarget[];
  /** Each address once, in any order; those that nothing is open on may be left out. */
  readonly hosts: readonly OpenHost[];
  /** A host with more open ports is left out: what answers on every port has none to expect. */
  readonly portsPerHost: number;
}

/** Open ports by protocol. */
type Open = Readonly<Record<Protocol, PortSet>>;

/** An address that answered, with what is open on it. */
interface Host {
  readonly address: Address;
  readonly open: Open;
}

/** The keys of one entry; those without a value are not written. */
interface Entry {
  readonly target: string;
  readonly name?: string | undefined;
  readonly expected: Open;
  readonly allowed?: Open;
}

const NOTHING: Open = { tcp: PortSet.EMPTY, udp: PortSet.EMPTY };
const HEADER = [
  " What is open now, written as what must be open. Review it: what should not be open is in here too.",
  " Where you have an entry for the same target, add the keys to yours. Targets may overlap: what is",
  " known belongs to the address, which may have an entry of its own beside its network's.",
].join("\n");

/**
 * What is open now, as YAML to be reviewed and pasted: `targets:` with the expected ports of each
 * address and host name. A network gives an entry for each of its addresses that has an open port,
 * because one list for all of them would expect of each what is open on any.
 */
export function learnYaml(options: LearnOptions): string {
  return new Learner(options).yaml();
}

class Learner {
  readonly #targets: readonly LearnTarget[];
  readonly #portsPerHost: number;
  readonly #hosts: ReadonlyMap<string, Host>;
  /** Of each part that is a network, the hosts in it, in order of address. */
  readonly #hostsIn = new Map<LearnPart, Host[]>();
  /** Addresses that are written out as targets, by the user or here. */
  readonly #taken = new Set<string>();
  readonly #entries = new YAMLSeq();
  /** Comment lines for above the next entry. */
  #remarks: string[] = [];

  constructor({ targets, hosts, portsPerHost }: LearnOptions) {
    this.#targets = targets;
    this.#portsPerHost = portsPerHost;
    const networks = new NetworkIndex<LearnPart>();
    for (const part of targets.flatMap(({ parts }) => parts)) {
      for (const network of part.networks) {
        if (isSingle(network)) this.#taken.add(addressAt(network, 0));
        else networks.add(network, part);
      }
    }
    const ordered = hosts
      .map(({ ip, ports }): Host => ({ address: parseAddress(ip), open: byProtocol(ports) }))
      .sort((a, b) => compareAddresses(a.address, b.address));
    this.#hosts = new Map(ordered.map((host) => [host.address.text, host]));
    for (const host of ordered) {
      for (const part of networks.containing(host.address)) {
        const inPart = this.#hostsIn.get(part);
        if (inPart === undefined) this.#hostsIn.set(part, [host]);
        else inPart.push(host);
      }
    }
  }

  yaml(): string {
    for (const { name, parts } of this.#targets) {
      for (const part of parts) {
        // An entry for a part of a target is another target, and names are unique.
        const ownName = parts.length === 1 && name !== part.text ? name : undefined;
        if (part.networks.length === 0) this.#remark(`${part.text}: no address is known, left out`);
        else if (part.networks.every(isSingle)) this.#learnAddresses(part, ownName);
        else this.#learnNetwork(part, name);
      }
    }
    const document = new Document({ targets: this.#entries });
    document.commentBefore = HEADER;
    this.#entries.flow = this.#entries.items.length === 0;
    if (this.#remarks.length > 0) document.comment = this.#remarks.join("\n");
    return document.toString({ lineWidth: 0 });
  }

  /** One entry for an address, or for a host name with as many as it has. */
  #learnAddresses({ text, networks }: LearnPart, name: string | undefined): void {
    const open = networks.map((network) => this.#hosts.get(addressAt(network, 0))?.open ?? NOTHING);
    const onAny = open.reduce(union);
    if (portCount(onAny) === 0) {
      this.#remark(`${text}: nothing is open, left out`);
      return;
    }
    if (!this.#isExpectable(text, onAny)) return;
    // What is expected of a name is expected of each of its addresses.
    const expected = open.reduce(intersection);
    this.#addEntry({ target: text, name, expected, allowed: difference(onAny, expected) });
  }

  /** An entry for each address of a network that has something open, and none elsewhere. */
  #learnNetwork(part: LearnPart, name: string): void {
    const hosts = this.#hostsIn.get(part) ?? [];
    const left = hosts.filter(({ address }) => !this.#taken.has(address.text));
    const open = left.filter((host) => portCount(host.open) > 0);
    const title = name === part.text ? name : `${part.text} (${name})`;
    if (open.length > 0) this.#remark(`${title}: its addresses with open ports`);
    else if (left.length < hosts.length) this.#remark(`${title}: nothing else is open in it`);
    else this.#remark(`${title}: nothing is open, left out`);
    if (open.length > 0 && open.length < left.length) {
      this.#remark(`left out, because nothing is open on them: ${left.length - open.length}`);
    }
    for (const host of open) {
      const target = host.address.text;
      this.#taken.add(target);
      if (this.#isExpectable(target, host.open)) this.#addEntry({ target, expected: host.open });
    }
  }

  /** Whether these are few enough to expect; else says so. */
  #isExpectable(text: string, { tcp, udp }: Open): boolean {
    const count = tcp.size + udp.size;
    const items = tcp.ranges.length + udp.ranges.length;
    if (count <= this.#portsPerHost && items <= MAX_PORT_ITEMS) return true;
    this.#remark(`${text}: ${count} ports are open, too many to expect, left out`);
    return false;
  }

  #addEntry({ target, name, expected, allowed = NOTHING }: Entry): void {
    const entry = new Document({
      target,
      ...(name !== undefined && { name }),
      ...(portCount(expected) > 0 && { expected_ports: portsText(expected) }),
      ...(portCount(allowed) > 0 && { allowed_ports: portsText(allowed) }),
    }).contents!;
    if (this.#remarks.length > 0) entry.commentBefore = this.#remarks.join("\n");
    this.#remarks = [];
    this.#entries.add(entry);
  }

  #remark(text: string): void {
    this.#remarks.push(` ${escapeControls(text)}`);
  }
}

function byProtocol(ports: OpenHost["ports"]): Open {
  const of = (wanted: Protocol) =>
    PortSet.of(ports.filter(({ protocol }) => protocol === wanted).map(({ port }) => port));
  return { tcp: of("tcp"), udp: of("udp") };
}

function portCount({ tcp, udp }: Open): number {
  return tcp.size + udp.size;
}

function union(a: Open, b: Open): Open {
  return { tcp: a.tcp.union(b.tcp), udp: a.udp.union(b.udp) };
}

function intersection(a: Open, b: Open): Open {
  return { tcp: a.tcp.intersect(b.tcp), udp: a.udp.intersect(b.udp) };
}

function difference(a: Open, b: Open): Open {
  return { tcp: a.tcp.subtract(b.tcp), udp: a.udp.subtract(b.udp) };
}

/** `"22,443,53/udp"`, in quotes like every list of ports. */
function portsText(open: Open): Scalar<string> {
  const items = PROTOCOLS.flatMap((protocol) => {
    if (open[protocol].size === 0) return [];
    const texts = `${open[protocol]}`.split(",");
    return protocol === "tcp" ? texts : texts.map((text) => `${text}/${protocol}`);
  });
  const scalar = new Scalar(items.join(","));
  scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}
