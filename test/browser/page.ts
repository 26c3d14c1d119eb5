/** A dashboard in Debian's real Chromium, with all that it complains of. */
import type { Browser, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { isOfMachine, LONGEST_WAIT_MS } from '../support/browser/chromium.js';

export { sharedBrowser, withoutChromium } from '../support/browser/chromium.js';

export interface Watched {
  page: Page;
  /** Errors of console and scripts, and reports of the security policy, so far. */
  complaints: string[];
}

/** @param mayComplain whether the test itself looks at the complaints; otherwise there must be none in the end */
export async function watch(
  browser: Browser,
  url: string,
  { width = 1280, dark = false, mayComplain = false } = {},
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(LONGEST_WAIT_MS);
  const complaints: string[] = [];
  page.on('console', (message) => {
    const isComplaint = message.type() === 'error' || message.type() === 'warning';
    if (isComplaint && !isOfMachine(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  onTestFinished(async () => {
    await context.close();
    if (!mayComplain) expect(complaints).toEqual([]);
  });
  await page.goto(url);
  return { page, complaints };
}

/** Resolves once the element with this name for tests shows the text. */
export async function shows(page: Page, testId: string, text: string | RegExp): Promise<void> {
  await page.getByTestId(testId).filter({ hasText: text }).waitFor();
}

/** Draws lines through points of the unit square, as a mouse does. */
export async function draw(page: Page, strokes: [number, number][][]): Promise<void> {
  const paper = page.getByTestId('paper');
  await paper.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await paper.boundingBox())!;
  for (const stroke of strokes) {
    for (const [i, [u, v]] of stroke.entries()) {
      await page.mouse.move(x + u * width, y + v * height, { steps: i === 0 ? 1 : 3 });
      if (i === 0) await page.mouse.down();
    }
    await page.mouse.up();
  }
}
