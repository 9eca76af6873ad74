import {
  type Browser as Chromium,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A page in a browser, and what went wrong in it. */
export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** Console messages but for plain ones, errors of scripts, requests that failed or left the origin, dialogs. */
  readonly problems: readonly string[];
}

/** A headless Chromium with a profile of its own. */
export class Browser implements AsyncDisposable {
  readonly #chromium: Chromium;

  private constructor(chromium: Chromium) {
    this.#chromium = chromium;
  }

  /**
   * Starts it.
   *
   * @throws when Chromium is not installed, with what to do.
   */
  static async start(): Promise<Browser> {
    const isInstalled = await Deno.stat(EXECUTABLE).then(() => true, () => false);
    if (!isInstalled) {
      throw new Error(
        `Cannot test pages without ${EXECUTABLE}: on Debian, run apt-get install chromium`,
      );
    }
    return new Browser(await chromium.launch({ executablePath: EXECUTABLE, args: FLAGS }));
  }

  /** Goes to `url` as somebody who was never there. */
  async visit(url: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await this.#chromium.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    const problems: string[] = [];
    const { origin } = new URL(url);
    page.on("console", (message) => {
      if (message.type() !== "log") problems.push(`${message.type()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("dialog", (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(`${origin}/`)) problems.push(`request: ${request.url()}`);
    });
    page.on("requestfailed", (request) => {
      // Leaving a page ends what it asked for; that is no failure.
      const reason = request.failure()?.errorText;
      if (reason !== "net::ERR_ABORTED") problems.push(`${request.url()}: ${reason}`);
    });
    page.on("response", (response) => {
      if (response.status() >= 400) problems.push(`${response.url()}: ${response.status()}`);
    });
    await page.goto(url);
    return { page, problems, [Symbol.asyncDispose]: () => context.close() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chromium.close();
  }
}
