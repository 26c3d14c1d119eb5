/**
 * Fuzzing that is guided by a model of the protocol (test/support/simulation/peer-model.ts): where the blind one seldom gets past
 * the parser, each message here is right in form, and right or wrong at its time. `npm run fuzz` sends many more.
 */
import { expect, it } from 'vitest';
import { Random } from '../../../shared/numerics/random.js';
import { seedsOf } from '../../support/seeds.js';
import { replay, telling } from '../../support/simulation/last-events.js';
import { Model } from '../../support/simulation/peer-model.js';

/** Of all messages a hundredth: what follows from each is played out. */
const MESSAGES = Number(process.env.FUZZ_FRAMES ?? 200_000) / 100;
/** Actions on one run, until another begins. */
const ACTIONS = 500;

it.each(seedsOf('FUZZ_SEED'))(
  `${MESSAGES} messages by the model leave no step wrong (FUZZ_SEED=%i)`,
  { timeout: 300_000 + 20 * MESSAGES },
  async (seed) => {
    let [messages, runs] = [0, 0];
    for (; messages < MESSAGES; runs++) {
      const random = new Random(seed, runs);
      const model = new Model();
      const names = Object.keys(model.actions);
      let last = '';
      const play = async () => {
        for (let at = 0; at < ACTIONS; at++) {
          const draw = { who: random.below(4), which: random.below(20), more: random.below(20_000) };
          const name = names[random.below(names.length)]!;
          last = `action ${at}: ${name} ${JSON.stringify(draw)}`;
          await model.act(name, draw);
        }
        await model.finish();
      };
      await telling(replay('model', seed, 'FUZZ_FRAMES'), () =>
        play().catch((error) => {
          throw new Error(`FUZZ_SEED=${seed}, run ${runs}, ${last}: ${error.message}`, { cause: error });
        }),
      );
      messages += model.messages;
    }
    console.log(`FUZZ_SEED=${seed}: ${messages} messages by the model in ${runs} runs`);
    expect(messages).toBeGreaterThanOrEqual(MESSAGES);
  },
);
