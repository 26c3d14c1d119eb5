import { describe, expect, it } from 'vitest';
import { answerOf } from '../../test/support/compiled/processes.js';
import { compiledEngine, gradientOf } from '../../test/support/compiled/subject.js';
import { zoo } from '../../test/support/compiled/zoo.js';
import { cpuRuntime } from '../node/compiled.js';

describe("the compiled engine's memory", () => {
  it('does not grow over steps', async () => {
    const { gradientMb, before, after } = JSON.parse(
      await answerOf(
        new URL('../../test/support/compiled/memory-of-steps.ts', import.meta.url),
        '--expose-gc',
      ),
    );
    // Kept gradients would be 300 times as much.
    expect(gradientMb).toBeGreaterThan(0.3);
    expect(after - before).toBeLessThan(10 * gradientMb);
  });

  it('holds a bounded number of sessions, however many sizes of a batch there are', async () => {
    const runtime = await cpuRuntime();
    const { InferenceSession } = runtime.ort;
    let live = 0;
    let most = 0;
    const counting = {
      async create(...args: [Uint8Array]) {
        const session = await InferenceSession.create(...args);
        most = Math.max(most, ++live);
        const release = session.release.bind(session);
        session.release = async () => {
          live--;
          await release();
        };
        return session;
      },
    };
    const subject = await zoo('linear');
    const engine = await compiledEngine(subject, runtime.target, {
      ...runtime,
      ort: { ...runtime.ort, InferenceSession: counting as never },
    });
    for (let samples = 1; samples <= 40; samples++) await gradientOf(engine, subject, subject.batch(samples));
    expect(most).toBeLessThanOrEqual(33);
    expect(live).toBe(32);
    engine.dispose();
    expect(live).toBe(0);
  });
});
