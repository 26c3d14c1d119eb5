import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flagOf, readOptions, withDefaults } from '../../shared/options/read-options.js';
import { UserError } from '../../shared/user-error.js';
import { WORKER_OPTIONS } from '../../worker/node/options.js';
import { checkTogether } from './check-together.js';
import { COORDINATOR_OPTIONS, ofScope } from './options.js';

const flags = (raw: Record<string, unknown>) => readOptions(COORDINATOR_OPTIONS, raw, 'flag');

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).exitCode).toBe(2);
    expect((error as UserError).message).not.toContain('\n');
    return (error as UserError).message;
  }
  throw new Error('nothing was refused');
}

describe('the option blocks', () => {
  it('say what decides where there is no default', () => {
    for (const spec of Object.values({ ...COORDINATOR_OPTIONS, ...WORKER_OPTIONS })) {
      expect(spec.default === undefined).toBe('otherwise' in spec);
    }
  });

  it('have defaults that their own kinds accept', () => {
    for (const block of [COORDINATOR_OPTIONS, WORKER_OPTIONS]) {
      const filled = withDefaults(block, {});
      expect(withDefaults(block, readOptions(block, filled, 'flag'))).toEqual(filled);
    }
  });

  it('are written on the command line in kebab-case', () => {
    expect(flagOf('batchSize')).toBe('--batch-size');
    expect(flagOf('lr')).toBe('--lr');
  });
});

describe('reading options', () => {
  it('turns text into numbers, and takes JSON values as they are', () => {
    const expected = { batchSize: 128, lr: 0.001, shards: 8, evaluateEvery: 'epoch', nesterov: true };
    expect(
      flags({ batchSize: '128', lr: '1e-3', shards: '8', evaluateEvery: 'epoch', nesterov: true }),
    ).toEqual(expected);
    expect(readOptions(COORDINATOR_OPTIONS, expected, { where: 'c.json' })).toEqual(expected);
  });

  it.each([
    [{ batchSize: '0' }, '--batch-size must be a whole number of at least 1, not "0"'],
    [{ batchSize: 1.5 }, '--batch-size must be a whole number of at least 1, not 1.5'],
    [{ lr: NaN }, '--lr must be a number above 0, not NaN'],
    [{ lr: 'nan' }, '--lr must be a number above 0, not "nan"'],
    [{ shards: '6' }, '--shards must be a power of two from 1 to 32768, or auto, not "6"'],
    [{ shards: 0 }, '--shards must be a power of two from 1 to 32768, or auto, not 0'],
    [{ momentum: 1 }, '--momentum must be a number from 0 to below 1, not 1'],
    [{ port: 65_536 }, '--port must be a whole number from 0 to 65535, not 65536'],
    [
      { shuffle: 'window:0' },
      '--shuffle must be none, full, or window:N with N chunks of at least 1, not "window:0"',
    ],
    [{ resume: 'yes' }, '--resume must be true or false, not "yes"'],
    [{ data: '' }, '--data must be a text that is not empty, not ""'],
    [{ seed: -1 }, '--seed must be a whole number from 0 to 4294967295, not -1'],
  ])('refuses %j in one line that says what it must be', (raw, message) => {
    expect(refusal(() => flags(raw))).toBe(message);
  });

  it('names the optimizers that there are', () => {
    expect(refusal(() => flags({ optimizer: 'adamax' }))).toBe(
      '--optimizer must be one of sgd, adam, adamw, rmsprop, adagrad, lamb, not "adamax"; did you mean adam?',
    );
  });

  it('names the file and the likely spelling of an unknown option', () => {
    const read = (raw: unknown) => () => readOptions(COORDINATOR_OPTIONS, raw, { where: 'c.json' });
    expect(refusal(read({ 'batch-size': 1 }))).toBe(
      'c.json: unknown option batch-size; did you mean batchSize?',
    );
    expect(refusal(read({ constructor: 1 }))).toMatch(
      /^c.json: unknown option constructor; known are data, model/,
    );
    expect(refusal(read([1]))).toMatch(/^c.json: must hold one object/);
  });

  it('either refuses a value with a UserError or gives one that reads again as itself', () => {
    const names = fc.constantFrom(...Object.keys(COORDINATOR_OPTIONS));
    const values = fc.oneof(
      fc.string(),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constant({}),
    );
    fc.assert(
      fc.property(names, values, (name, value) => {
        try {
          const read = flags({ [name]: value });
          expect(flags(read)).toEqual(read);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
    );
  });
});

describe('options that concern each other', () => {
  it.each([
    [{ epochs: 1, steps: 1 }, /^--epochs and --steps both/],
    [{ resume: true }, /^--resume needs --run-dir/],
    [{ startOrResume: true }, /^--start-or-resume needs --run-dir/],
    [{ optimizer: 'adam', momentum: 0.9 }, /^--momentum 0.9 has no effect with adam/],
    [{ optimizer: 'adamw', nesterov: true }, /^--nesterov has no effect with adamw/],
    [{ optimizer: 'sgd', momentum: 0, dampening: 0.1 }, /^--dampening needs --momentum/],
    [{ nesterov: true, dampening: 0.1 }, /^--nesterov and --dampening exclude each other/],
    [{ replicas: 4 }, /^--replicas is for rounds: give --local-steps/],
    [{ outerRate: 0.5 }, /^--outer-rate is for rounds/],
    [
      { localSteps: 5, robust: 'median' },
      /^--robust median cuts each step by its workers, and --local-steps/,
    ],
    [{ localSteps: 5, shards: 'auto' }, /^--local-steps has a fixed number of replicas/],
    [{ localSteps: 5, shards: 4, replicas: 8 }, /^--replicas and --shards both say/],
    [
      { localSteps: 5, innerState: 'none', optimizer: 'adam' },
      /^--inner-state none .* ruins it: give average/,
    ],
    [{ localSteps: 5, innerState: 'variance', optimizer: 'sgd' }, /^--inner-state variance .* sgd has none/],
  ] as const)('refuses %j', (options, message) => {
    expect(refusal(() => checkTogether(options))).toMatch(message);
  });

  it('accepts what is not known yet', () => {
    checkTogether({ momentum: 0.9, nesterov: true });
    checkTogether({ localSteps: 5, replicas: 4, shards: 4, innerState: 'variance', optimizer: 'adam' });
    checkTogether({ localSteps: 5, innerState: 'none', optimizer: 'sgd', momentum: 0.9 });
    checkTogether(withDefaults(COORDINATOR_OPTIONS, {}));
  });
});

it('what belongs to a call is not part of a configuration', () => {
  const kept = ofScope(
    withDefaults(COORDINATOR_OPTIONS, { resume: true, runDir: 'x', linger: true }),
    'result',
    'operation',
  );
  expect(kept).toMatchObject({ data: 'digits', port: 8790, seed: 1 });
  for (const name of ['resume', 'startOrResume', 'runDir', 'linger', 'epochs'])
    expect(kept).not.toHaveProperty(name);
});
