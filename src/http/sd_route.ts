import type { Context } from "@hono/hono";
import type { LabelledTarget, OpenPortQuery, OpenPorts } from "../policy/open_ports.ts";
import { addressParameters } from "./parameters.ts";
import { refusing } from "./refusing.ts";
import { parseOpenPortQuery } from "./sd_query.ts";
import { slicedStream } from "./sliced_stream.ts";

/** What the route needs. */
export interface SdRouteOptions {
  /** What is open now, as it is when it is read; undefined where a reader may pause. */
  readonly openPorts: (query: OpenPortQuery) => Iterable<OpenPorts | undefined>;
}

/**
 * `/v1/sd`: open ports as a target list of Prometheus's http_sd, one group for each. An answer that
 * breaks off is no JSON, and Prometheus keeps the list that it has.
 */
export function sdRoute({ openPorts }: SdRouteOptions) {
  return refusing(function listOpenPorts(c: Context) {
    const found = openPorts(parseOpenPortQuery(addressParameters(c)));
    // To Prometheus nothing else is a list.
    c.header("Content-Type", "application/json");
    if (c.req.method === "HEAD") return c.body(null);
    return c.body(slicedStream(groupTexts(found)));
  });
}

function* groupTexts(found: Iterable<OpenPorts | undefined>): Iterable<string> {
  const ownLabels = new Map<LabelledTarget | undefined, string>([[undefined, ""]]);
  let before = "[";
  for (const open of found) {
    if (open === undefined) {
      yield "";
      continue;
    }
    const { ip, protocol, ports, target } = open;
    const own = ownLabels.get(target) ?? labelsText(target!);
    ownLabels.set(target, own);
    const host = ip.includes(":") ? `[${ip}]` : ip;
    for (const port of ports) {
      yield `${before}{"targets":["${host}:${port}"],"labels":{${own}"__meta_openport_ip":"${ip}",` +
        `"__meta_openport_port":"${port}","__meta_openport_protocol":"${protocol}"}}`;
      before = ",\n";
    }
  }
  yield before === "[" ? "[]\n" : "]\n";
}

/** The labels that stay on what is scraped, as in `openport_target_info`: a list's own `name` becomes `label_name`. */
function labelsText({ name, labels }: LabelledTarget): string {
  const { name: listed, ...others } = labels;
  const all = { ...(listed !== undefined && { label_name: listed }), ...others, name };
  return `${JSON.stringify(all).slice(1, -1)},`;
}
