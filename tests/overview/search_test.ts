import assert from "node:assert/strict";
import fc from "fast-check";
import { formatNetwork } from "../../src/domain/network.ts";
import { parsePorts, PortSet } from "../../src/domain/ports.ts";
import { PROTOCOLS } from "../../src/domain/scan.ts";
import { countIn, fittingPorts, parseSearch } from "../../src/overview/search.ts";

Deno.test("parseSearch() understands addresses, networks, ports and text", () => {
  const f = (typed: string, networks: string, ports: string, text: string) => {
    const search = parseSearch(typed);
    assert.equal(search.networks.map(formatNetwork).join(" "), networks, typed);
    const terms = search.ports.map(({ ports, protocol }) => `${ports}/${protocol ?? "any"}`);
    assert.equal(terms.join(" "), ports, typed);
    assert.equal(search.text, text, typed);
  };
  f("", "", "", "");
  f(" \t\n", "", "", "");
  f("10.0.0.1", "10.0.0.1/32", "", "");
  f(" 10.0.0.1 ", "10.0.0.1/32", "", "");
  f("10.0.0.7/24", "10.0.0.0/24", "", "");
  f("2001:DB8::0:1", "2001:db8::1/128", "", "");
  f("2001:db8::/32", "2001:db8::/32", "", "");
  f("22", "", "22/any", "");
  f("22/tcp", "", "22/tcp", "");
  f("53/UDP", "", "53/udp", "");
  f("port:22", "", "22/any", "");
  f("port:8000-8100/tcp", "", "8000-8100/tcp", "");
  f("22,80", "", "22,80/any", "");
  // what is none of these is text
  f("10.0.0", "", "", "10.0.0");
  f("10.0.0.", "", "", "10.0.0.");
  f("10.0.0.256", "", "", "10.0.0.256");
  f("10.0.0.1/33", "", "", "10.0.0.1/33");
  f("2001:db8", "", "", "2001:db8");
  f("::ffff:10.0.0.1", "", "", "::ffff:10.0.0.1");
  f("0", "", "", "0");
  f("65536", "", "", "65536");
  f("80-22", "", "", "80-22");
  f("22/sctp", "", "", "22/sctp");
  f("port:", "", "", "port:");
  f("<b>\"'&", "", "", "<b>\"'&");
  f("DMZ  Frankfurt", "", "", "dmz frankfurt");
  // all of it together
  f("dmz 10.0.0.0/8 22 tcp 80/udp west", "10.0.0.0/8", "22/any 80/udp", "dmz tcp west");
});

Deno.test("parseSearch() leaves ports to the text where there are none to be found", () => {
  const { ports, text } = parseSearch("rack 22 22/tcp", { hasPorts: false });
  assert.deepEqual([ports, text], [[], "rack 22 22/tcp"]);
});

Deno.test("parseSearch() takes everything", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseSearch(text)));
});

Deno.test("fittingPorts() are those that fit all that was typed", () => {
  const f = (typed: string, tcp: string, udp: string) => {
    const { tcp: foundTcp, udp: foundUdp } = fittingPorts(parseSearch(typed))!;
    assert.deepEqual([`${foundTcp}`, `${foundUdp}`], [tcp, udp], typed);
  };
  assert.equal(fittingPorts(parseSearch("dmz")), undefined);
  f("22", "22", "22");
  f("22/tcp", "22", "");
  f("1-100 50-200/udp", "", "50-100");
  f("1-100 50-200", "50-100", "50-100");
  f("22/tcp 22/udp", "", "");
  assert.equal(PROTOCOLS.length, 2);
});

Deno.test("countIn() counts ports of a list in a set", () => {
  const somePorts = fc.uniqueArray(fc.integer({ min: 1, max: 60 }));
  fc.assert(fc.property(somePorts, somePorts, (open, wanted) => {
    const ports = PortSet.of(wanted);
    assert.equal(
      countIn(open.toSorted((a, b) => a - b), ports),
      open.filter((port) => wanted.includes(port)).length,
    );
  }));
  assert.equal(countIn([65_535], parsePorts("1-65535")), 1);
});
