import { html } from "@hono/hono/html";

/** A plain page that leads to what there is. */
export function landingPage(
  { version, telemetryPath }: { version: string; telemetryPath: string },
) {
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>openport-exporter</title>
      </head>
      <body>
        <h1>openport-exporter</h1>
        <p>Version ${version}</p>
        <ul>
          <li><a href="${telemetryPath}">Metrics</a></li>
          <li><a href="/v1/hosts?open=true">Hosts with open ports</a></li>
          <li><a href="/v1/changes">Changes</a></li>
          <li><a href="/config">Configuration</a></li>
          <li><a href="/healthz">Health</a></li>
          <li><a href="/-/ready">Readiness</a></li>
        </ul>
        <p>Scan now: <code>/query?ip=ADDRESS&amp;ports=PORTS</code></p>
      </body>
    </html>
  `;
}
