/** A connection held against a model of what its peer may say: several peers, several leases each, in any order. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { freshSeed } from '../../support/seeds.js';
import { replay, telling } from '../../support/simulation/last-events.js';
import { type Draw, Model } from '../../support/simulation/peer-model.js';

class Act implements fc.AsyncCommand<object, Model> {
  constructor(
    private readonly name: string,
    private readonly draw: Draw,
  ) {}
  check = () => true;
  run = (_: object, real: Model) => real.act(this.name, this.draw);
  toString = () => `${this.name} ${JSON.stringify(this.draw)}`;
}

it('whoever says what it may goes on, whoever says something else is sent away, and no step is wrong', async () => {
  const draw = fc.record({ who: fc.nat(3), which: fc.nat(20), more: fc.nat(20_000) });
  const names = Object.keys(new Model().actions);
  const commands = names.map((name) => draw.map((drawn) => new Act(name, drawn)));
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 60, size: 'max' }), (acts) =>
      telling(replay('peers', freshSeed('FAST_CHECK_SEED')), async () => {
        const real = new Model();
        await fc.asyncModelRun(() => ({ model: {}, real }), acts);
        await real.finish();
      }),
    ),
    { numRuns: 60 },
  );
  expect(names.length).toBeGreaterThan(10);
});
