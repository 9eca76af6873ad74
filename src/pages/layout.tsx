import type { Child } from "@hono/hono/jsx";
import { raw } from "@hono/hono/html";
import { clockText } from "./when.tsx";

/** What every page has in common. */
export interface Frame {
  readonly version: string;
  /** Path of the exposition. */
  readonly telemetryPath: string;
  /** Address of an asset, by its name; another one after every change of it. */
  readonly assetHref: (name: string) => string;
  /** Text that is another one when the pages are made otherwise than before. */
  readonly build: string;
}

/** A whole page, as text; `events` is where a script gets what changes. */
export function pageText(
  frame: Frame,
  { title, now, events, content }: {
    title: string;
    now: number;
    events?: string;
    content: Child;
  },
): string {
  return `<!DOCTYPE html>\n${(
    <html
      lang="en"
      data-build={frame.build}
      data-now={events === undefined ? undefined : String(now)}
      data-events={events}
    >
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title} – openport-exporter</title>
        <link rel="icon" href={frame.assetHref("icon.svg")} type="image/svg+xml" />
        <link rel="stylesheet" href={frame.assetHref("page.css")} />
        {events !== undefined && <script type="module" src={frame.assetHref("live.js")}></script>}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <Head frame={frame} now={now} />
        <main id="main" tabindex={-1}>{content}</main>
        <footer>
          <p>openport-exporter {frame.version}. All times are UTC.</p>
        </footer>
      </body>
    </html>
  )}`;
}

function Head({ frame: { telemetryPath }, now }: { frame: Frame; now: number }) {
  const [date, time] = clockText(now).split(" ");
  const links = [
    [telemetryPath, "Metrics"],
    ["/config", "Configuration"],
    ["/v1/hosts", "Hosts"],
    ["/v1/changes", "Changes"],
    ["/v1/sd", "Service discovery"],
    ["/v1/tasks", "Tasks"],
    ["/v1/openapi.json", "API"],
    ["/healthz", "Health"],
  ] as const;
  return (
    <header>
      <a class="brand" href="/">
        {raw(
          '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3.5 8A4.5 4.5 0 1 1 8 12.5"/>' +
            '<circle cx="8" cy="8" r="1.6"/></svg>',
        )}
        openport-exporter
      </a>
      <nav aria-label="Data">
        <ul>
          {links.map(([href, text]) => (
            <li>
              <a href={href}>{text}</a>
            </li>
          ))}
        </ul>
      </nav>
      <p id="connection" role="status">
        As of <span class="date">{date}</span> {time}
      </p>
    </header>
  );
}
