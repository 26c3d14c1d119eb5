/**
 * Chromium by its raw debugging protocol, for what playwright hides: it keeps every page visible and awake.
 * Also reaches into workers, nested ones too.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { OnEnd } from '../cluster/cluster.js';
import { CHROMIUM, SHORT_LIVED } from './chromium-flags.js';

type Params = Record<string, unknown>;
// biome-ignore lint/suspicious/noExplicitAny: the protocol's answers are not typed here
type Answer = any;

export interface Target {
  sessionId: string;
  targetId: string;
  /** `page` or `worker`. */
  type: string;
  url: string;
}

export class Devtools {
  private readonly calls = new Map<number, { resolve(result: Answer): void; reject(error: Error): void }>();
  private nextId = 1;
  readonly targets: Target[] = [];
  private watchers: (() => void)[] = [];

  private constructor(private readonly ws: WebSocket) {
    ws.on('message', (data) => {
      const { id, result, error, method, params } = JSON.parse(String(data));
      if (id) {
        const call = this.calls.get(id);
        if (error) call?.reject(new Error(error.message));
        else call?.resolve(result);
      } else if (method === 'Target.attachedToTarget') {
        const { sessionId, targetInfo } = params;
        this.targets.push({ sessionId, ...targetInfo });
        // Workers of this one too: each attaches those that it starts itself.
        this.autoAttach(sessionId).catch(() => undefined);
        for (const watch of this.watchers) watch();
      } else if (method === 'Target.detachedFromTarget') {
        const at = this.targets.findIndex(({ sessionId }) => sessionId === params.sessionId);
        if (at >= 0) this.targets.splice(at, 1);
      }
    });
  }

  /** A browser of its own. @param onEnd where ending it is left: `afterAll`, or `onTestFinished` */
  static async start(onEnd: OnEnd): Promise<Devtools> {
    const profile = await mkdtemp(join(tmpdir(), 'swarmgrad-chromium-'));
    const child = spawn(
      CHROMIUM,
      [...SHORT_LIVED, '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'],
      { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
    );
    onEnd(async () => {
      const gone = once(child, 'exit');
      // The whole group: Chromium's helpers outlive a killed parent for a while.
      process.kill(-child.pid!, 'SIGKILL');
      await gone;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    });
    const url = await new Promise<string>((resolve) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        const found = /DevTools listening on (ws:\S+)/.exec(line);
        if (found) resolve(found[1]!);
      });
    });
    const ws = new WebSocket(url, { perMessageDeflate: false });
    await once(ws, 'open');
    onEnd(async () => ws.close());
    return new Devtools(ws);
  }

  call(method: string, params: Params = {}, sessionId?: string): Promise<Answer> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.calls.set(id, { resolve, reject });
      this.ws.send(JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) }));
    });
  }

  /** Opens a page in a window that it has for itself, and shows it until the test ends. */
  async open(url: string): Promise<Target> {
    const { targetId } = await this.call('Target.createTarget', { url });
    onTestFinished(async () => void (await this.call('Target.closeTarget', { targetId })));
    const { sessionId } = await this.call('Target.attachToTarget', { targetId, flatten: true });
    const target = await this.found(({ targetId: id }) => id === targetId);
    await this.call('Page.enable', {}, sessionId);
    return target;
  }

  activate({ targetId }: Target): Promise<void> {
    return this.call('Target.activateTarget', { targetId });
  }

  /** The value of an expression, awaited. */
  async evaluate({ sessionId }: Target, expression: string): Promise<Answer> {
    const { result, exceptionDetails } = await this.call(
      'Runtime.evaluate',
      { expression, awaitPromise: true, returnByValue: true, userGesture: true },
      sessionId,
    );
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Resolves once the expression is true in the page, asking again and again. */
  async until(target: Target, expression: string): Promise<void> {
    // A page that is just being loaded has nowhere to evaluate anything.
    while (!(await this.evaluate(target, `Boolean(${expression})`).catch(() => false))) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The first target that fits, now or later. */
  found(fits: (target: Target) => boolean): Promise<Target> {
    return new Promise((resolve) => {
      const look = () => {
        const target = this.targets.find(fits);
        if (!target) return;
        this.watchers = this.watchers.filter((other) => other !== look);
        resolve(target);
      };
      this.watchers.push(look);
      look();
    });
  }

  private autoAttach(sessionId: string): Promise<void> {
    return this.call(
      'Target.setAutoAttach',
      { autoAttach: true, waitForDebuggerOnStart: false, flatten: true },
      sessionId,
    );
  }
}

/** Of the contribution panel, for `Devtools.evaluate`. */
export const clickOn = (button: string): string =>
  `[...document.querySelectorAll('button')].find((b) => b.textContent === '${button}').click()`;
export const phaseIs = (phase: string): string =>
  `document.querySelector('[data-testid=my-state]')?.dataset.phase === '${phase}'`;
