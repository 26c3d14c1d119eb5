/**
 * A real browser for tests: Debian's Chromium, with WebGL and WebGPU drawn by the processor. Each tab has a
 * profile of its own, as if it were on another device, and remembers whatever its console complained about.
 */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, onTestFinished } from 'vitest';
import { CHROMIUM, SHORT_LIVED, WINDOWLESS } from './chromium-flags.js';

/** Whether tests in a browser must be skipped here; tells so once. CI must have one. */
export function withoutChromium(): boolean {
  const absent = !existsSync(CHROMIUM);
  if (absent && process.env.CI) throw new Error(`CI must have Chromium at ${CHROMIUM}`);
  if (absent) console.log(`skipped: tests in a browser need Chromium at ${CHROMIUM} (or CHROMIUM=PATH)`);
  return absent;
}

/**
 * The browser of a file of tests, started when first asked for. Each file has its own: one that is shared is spoken to
 * through the test runner's process, which then packs and unpacks every message of every tab's WebSocket.
 */
export function sharedBrowser(flags: string[] = SHORT_LIVED): () => Promise<Browser> {
  let browser: Promise<Browser> | undefined;
  afterAll(async () => (await browser)?.close());
  return () => (browser ??= chromium.launch({ executablePath: WINDOWLESS, args: flags }));
}

/** Longer than any page takes on the busiest machine. */
export const LONGEST_WAIT_MS = 150_000;

/** Whether the console tells of interfaces that come and go, as those of containers beside: the page asks again. */
export const isOfMachine = (complaint: string): boolean => complaint.includes('ERR_NETWORK_CHANGED');

export class Tab {
  /** Errors of console, scripts and security policy. */
  readonly complaints: string[] = [];

  private constructor(readonly page: Page) {
    page.on('console', (message) => {
      if (message.type() === 'error' && !isOfMachine(message.text())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  /** Opens a page in `context`, or on a device of its own. */
  static async open(browser: Browser, url: string, context?: BrowserContext): Promise<Tab> {
    const device = context ?? (await browser.newContext());
    onTestFinished(() => device.close());
    const tab = new Tab(await device.newPage());
    tab.page.setDefaultTimeout(LONGEST_WAIT_MS);
    await tab.page.goto(url);
    return tab;
  }

  async click(name: string): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).click();
  }

  /** Resolves with the panel's sentence once it shows this phase; rejects if the tab is refused instead. */
  async phase(phase: string): Promise<string> {
    const shown = this.page.locator(`[data-testid=my-state]:is([data-phase=${phase}], [data-phase=refused])`);
    await shown.waitFor();
    const text = (await shown.textContent())!;
    if (phase !== 'refused' && (await shown.getAttribute('data-phase')) === 'refused') throw new Error(text);
    return text;
  }

  async text(testId: string): Promise<string> {
    return (await this.page.getByTestId(testId).textContent())!;
  }

  /** The number behind a figure, as the panel keeps it in an attribute. */
  async figure(testId: string, attribute: string): Promise<number> {
    return Number(await this.page.getByTestId(testId).getAttribute(attribute));
  }
}

/** Opens the join page on a device of its own and lets it contribute. */
export async function contributingTab(
  browser: Browser,
  url: string,
  engine = 'wasm',
  name = '',
): Promise<Tab> {
  const named = name ? `&name=${name}` : '';
  const tab = await Tab.open(browser, `${url}/join?engine=${engine}${named}`);
  await tab.click('Contribute this tab');
  return tab;
}
