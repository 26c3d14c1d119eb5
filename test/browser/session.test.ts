/** Links with tokens in a real browser: what they open, and what is left of the token. */
import { describe, expect, it } from 'vitest';
import { happened } from '../support/cluster/small-run.js';
import { tokenRun } from '../support/cluster/token-run.js';
import { sharedBrowser, shows, watch, withoutChromium } from './page.js';

const browser = sharedBrowser();

describe.skipIf(withoutChromium())('a link with a token', () => {
  it("opens the dashboard with its role's rights, is gone from the address, and lasts over a reload", async () => {
    const run = await tokenRun();
    const { page } = await watch(await browser(), `${run.url}/#token=${run.tokens.admin}`);
    await page.getByRole('button', { name: /^Pause/ }).waitFor();
    expect(page.url()).toBe(`${run.url}/`);
    // Where scripts can look, it is not.
    expect(await page.evaluate('document.cookie + JSON.stringify(localStorage)')).not.toContain('sg_');
    await page.reload();
    const answer = page.waitForResponse('**/api/admin/pause');
    await page.getByRole('button', { name: /^Pause/ }).click();
    expect((await answer).status()).toBe(200);
  });

  it('of a monitor shows the run, and nothing to change it', async () => {
    const run = await tokenRun();
    const { page } = await watch(await browser(), `${run.url}/#token=${run.tokens.monitor}`);
    await shows(page, 'state', 'waiting for workers');
    expect(await page.getByRole('button', { name: /^(Pause|Stop)/ }).count()).toBe(0);
  });

  it('of a volunteer lets the tab compute, as one that is not trusted', async () => {
    const run = await tokenRun();
    await watch(
      await browser(),
      `${run.url}/join?auto=1&engine=wasm&name=guest#token=${run.tokens.volunteer}`,
    );
    await happened(run, ({ type }) => type === 'worker-joined');
    expect(run.status().workers).toMatchObject([{ name: 'guest', kind: 'browser', role: 'volunteer' }]);
    expect((await run.finished).status).toBe('finished');
  });

  it.each([
    ['', /needs the link that you were given/],
    ['#token=sg_wrong', /not valid any more/],
  ])('is needed: %j shows why there is nothing to see', async (fragment, words) => {
    const run = await tokenRun();
    const { page } = await watch(await browser(), `${run.url}/${fragment}`, { mayComplain: true });
    await page.getByRole('alert').filter({ hasText: words }).waitFor();
    expect(page.url()).toBe(`${run.url}/`);
  });

  it('of a volunteer does not open the dashboard', async () => {
    const run = await tokenRun();
    const { page } = await watch(await browser(), `${run.url}/#token=${run.tokens.volunteer}`);
    await page.getByRole('alert').filter({ hasText: 'lets this device help, and not watch' }).waitFor();
  });
});
