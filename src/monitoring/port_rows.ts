import { barGauge, type Row, stateTimeline, table, timeseries } from "./dashboard_panel.ts";
import { chosen, OF } from "./dashboard_variables.ts";

/** Most lines of a panel with a line for each host or scan, and for each port. */
const TOP = 20;
const TOP_PORTS = 100;
const TOP_ROWS = 1000;

const PORT_COLUMNS = { ip: "Address", port: "Port", protocol: "Protocol" };
const TARGET_COLUMNS = { name: "Target", ...PORT_COLUMNS };

/** What is open where, and what it was. */
export function portRow(): Row {
  const byHost = `topk(${TOP}, max by (ip) (${chosen("open_ports_total", "ip")}))`;
  const ports = `max by (ip, port, protocol) (${chosen("open_port_status", "ip")}`;
  return {
    title: "Open ports",
    panels: [
      timeseries({
        title: "Open ports by host",
        description: `The ${TOP} hosts with the most open ports.`,
        queries: [{ expr: byHost, legend: "{{ip}}" }],
        width: 16,
        height: 9,
      }),
      barGauge({
        title: "Hosts with the most open ports",
        description: `Now, ${TOP} at most.`,
        queries: [{ expr: `sort_desc(${byHost})`, legend: "{{ip}}", instant: true }],
        width: 8,
        height: 9,
      }),
      stateTimeline({
        title: "Ports over time",
        description: `Open or closed, ${TOP_PORTS} ports at most, open ones first: choose an ` +
          "address above to see all of its own. A gap is a time in which nobody asked.",
        queries: [{
          expr: `topk(${TOP_PORTS}, ${ports}))`,
          legend: "{{ip}} {{port}}/{{protocol}}",
        }],
        width: 16,
        height: 11,
        texts: {
          "1": { text: "open", color: "green" },
          "0": { text: "closed", color: "semi-dark-red" },
        },
      }),
      table({
        title: "Open now",
        description: `${TOP_ROWS} ports at most.`,
        queries: [{ expr: `topk(${TOP_ROWS}, ${ports} == 1))` }],
        columns: PORT_COLUMNS,
        width: 8,
        height: 11,
      }),
    ],
  };
}

/** What opened and closed. */
export function changeRow(): Row {
  const changes = chosen("port_state_changes_total", "target");
  const unconfirmed = chosen("openport_changes_unconfirmed_total", "target");
  const status = chosen("open_port_status", "ip");
  return {
    title: "Changes",
    panels: [
      timeseries({
        title: "Changes over time",
        description: "Ports that opened and closed between two looks; a first look is no change. " +
          "Doubted: seemed closed, and were open in the second look.",
        queries: [
          {
            expr: `sum by (change_type) (increase(${changes}[$__rate_interval]))`,
            legend: "{{change_type}}",
          },
          { expr: `sum(increase(${unconfirmed}[$__rate_interval]))`, legend: "doubted" },
        ],
        width: 12,
        height: 8,
        bars: true,
      }),
      table({
        title: "Ports that changed",
        description:
          "Those that closed, or opened again, in the time that is shown, and how often. " +
          `A port that opened for the first time is in the table beside. ${TOP_ROWS} ports at most.`,
        queries: [{
          expr: `topk(${TOP_ROWS}, sum by (ip, port, protocol) (changes(${status}[$__range])) > 0)`,
        }],
        columns: PORT_COLUMNS,
        value: "Changes",
        sortBy: "Changes",
        width: 6,
        height: 8,
      }),
      table({
        title: "Ports that are new",
        description:
          "Open or closed now, and not known when the time that is shown began: opened for " +
          `the first time, or scanned for the first time. ${TOP_ROWS} ports at most.`,
        queries: [{
          expr:
            `topk(${TOP_ROWS}, sum by (ip, port, protocol) (${status} unless ${status} offset ` +
            "$__range))",
        }],
        columns: PORT_COLUMNS,
        value: "Open",
        width: 6,
        height: 8,
        texts: {
          "1": { text: "yes", color: "green" },
          "0": { text: "no", color: "semi-dark-red" },
        },
      }),
    ],
  };
}

/** What deviates from expected and allowed ports. */
export function policyRow(): Row {
  return {
    title: "Policy",
    panels: [
      timeseries({
        title: "Deviations by target",
        description:
          "Unexpected open ports and missing expected ports. Unknown: expected ports of " +
          "which nothing certain is known. Without a policy there is a line at 0.",
        queries: [
          {
            expr: `sum by (name) (openport_policy_violations{${OF}}) or on () vector(0)`,
            legend: "deviations {{name}}",
          },
          {
            expr: `sum by (name) (openport_policy_unknown_ports{${OF}}) or on () vector(0)`,
            legend: "unknown {{name}}",
          },
        ],
        width: 8,
        height: 8,
      }),
      table({
        title: "Unexpected open ports",
        description: `Open, and neither expected nor allowed. Empty is good; ${TOP_ROWS} at most.`,
        queries: [{
          expr: `topk(${TOP_ROWS}, max by (name, ip, port, protocol) (${
            chosen("openport_unexpected_open_port", "ip")
          }))`,
        }],
        columns: TARGET_COLUMNS,
        width: 8,
        height: 8,
      }),
      table({
        title: "Missing expected ports",
        description: `Expected, and not open at the last look. Empty is good; ${TOP_ROWS} at most.`,
        queries: [{
          expr: `topk(${TOP_ROWS}, max by (name, ip, port, protocol) (${
            chosen("openport_expected_port_missing", "ip")
          }))`,
        }],
        columns: TARGET_COLUMNS,
        width: 8,
        height: 8,
      }),
    ],
  };
}
