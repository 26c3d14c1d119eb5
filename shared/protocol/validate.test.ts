/** What each field of a message may hold, as PROTOCOL.md tells it: at its limits it is taken, one step beyond it is refused by name. */
import { describe, expect, it } from 'vitest';
import { MAX_LOCAL_STEPS } from '../numerics/rounds/terms.js';
import {
  type CoordinatorMessage,
  coordinatorMessage,
  type WorkerMessage,
  workerMessage,
} from './messages.js';
import { MessageError } from './msgpack/message-error.js';
import { validateCoordinatorMessage, validateWorkerMessage } from './validate.js';

const hash = 'a1'.repeat(32);
const times = { computeMs: 1.5, waitMs: 0 };
const sums = { samples: 4, loss: -1.5, metric: 2 };
const mistake = { record: 1, predicted: 2, confidence: 0.5 };

const fromWorkers: WorkerMessage[] = [
  { type: 'join', protocol: 1, name: 'anna', kind: 'node', token: 'secret' },
  { type: 'ready', engine: 'light', engineClass: 'light@1', reason: 'the only one' },
  { type: 'synced', version: 3 },
  { type: 'contribution', step: 1, node: 2, ...sums, ...times },
  { type: 'evaluated', version: 1, part: 1, ...sums, confusion: [1, 0], mistakes: [mistake], computeMs: 1 },
  { type: 'dropped', step: 1, node: 2, part: 0 },
  { type: 'differs', version: 3 },
  { type: 'heartbeat' },
];
const objectBytes = { model: 1, train: 2, test: 3, probe: 4, program: 5 };
const hashes = { model: hash, train: hash, test: hash, probe: hash, program: hash };
const fromCoordinators: CoordinatorMessage[] = [
  {
    ...{ type: 'welcome', protocol: 2, worker: 7, run: 'digits', generation: 1, ...hashes, objectBytes },
    ...{ shardSamples: 8, seed: 5, shuffle: 'full', engineClass: 'any', heartbeatMs: 2500 },
  },
  {
    ...{
      type: 'lease',
      step: 1,
      epoch: 0,
      node: 2,
      firstShard: 0,
      bounds: [0, 4, 8],
      fromChunk: 0,
      window: 8,
    },
    updates: { before: 20, rates: [0.1, 0.05] },
  },
  { type: 'keep', version: 3 },
  { type: 'check', version: 3, sha256: hash },
  { type: 'cancel', step: 1, node: 2, part: 0 },
  { type: 'window', step: 1, window: 9 },
  { type: 'evaluate', version: 1, part: 0, from: 0, to: 256, weights: 'averaged' },
  { type: 'progress', step: 1, steps: 9, loss: 0.5, samples: 4, samplesTrained: 2 ** 40 },
];

type Example = Record<string, unknown> & { type: string };
const examples = [
  ...fromWorkers.map(
    (message) => [message.type, message as unknown as Example, validateWorkerMessage] as const,
  ),
  ...fromCoordinators.map(
    (message) => [message.type, message as unknown as Example, validateCoordinatorMessage] as const,
  ),
];
const exampleOf = (type: string) => examples.find(([known]) => known === type)!;

/** Why the example of this type is refused with this value in this field; undefined: it is taken as it is. */
function refusalOf(type: string, field: string, value: unknown): string | undefined {
  const [, example, validate] = exampleOf(type);
  const message = { ...example, [field]: value };
  try {
    expect(validate(message)).toEqual(message);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(MessageError);
    return (error as Error).message;
  }
}

/** Without the field it is another message, as valid. */
const OPTIONAL: Record<string, string[]> = {
  join: ['token'],
  evaluated: ['confusion', 'mistakes'],
  dropped: ['node', 'part'],
  cancel: ['node', 'part'],
  lease: ['updates'],
};

describe.each(examples)('%s', (type, example, validate) => {
  it('is taken as it was told, with what may be left out and without', () => {
    expect(validate(example)).toEqual(example);
    for (const field of OPTIONAL[type] ?? []) {
      const { [field]: _, ...rest } = example;
      expect(validate(rest)).toEqual(rest);
    }
  });

  it('is refused without any other field, by its name', () => {
    for (const field of Object.keys(example)) {
      if (field === 'type' || OPTIONAL[type]?.includes(field)) continue;
      const { [field]: _, ...rest } = example;
      expect(() => validate(rest), field).toThrow(`${type}: field ${field}`);
    }
  });

  it('is refused with a field too many, and from the other side', () => {
    expect(() => validate({ ...example, more: 1 })).toThrow(MessageError);
    const other = validate === validateWorkerMessage ? validateCoordinatorMessage : validateWorkerMessage;
    expect(() => other(example as never)).toThrow(`${type}: field type`);
  });

  it('is refused with a field of another kind', () => {
    for (const field of Object.keys(example)) {
      if (field === 'type') continue;
      for (const wrong of [{}, true, [{}]])
        expect(refusalOf(type, field, wrong), field).toContain(`${type}: field ${field}`);
    }
  });
});

const COUNT = [0, 1, 2 ** 32 - 1];
const NO_COUNT = [-1, 2 ** 32, 0.5, Number.NaN, '1', null];
const NUMBER = [0, 1e50, -1e50, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const NO_NUMBER = [1.0000001e50, -1.0000001e50, '1', null];
const DURATION = [0, 0.5, 1e12];
const NO_DURATION = [-0.001, 1.0000001e12, Number.NaN, Number.POSITIVE_INFINITY];
const NODE = [1, 65_535];
const NO_NODE = [0, 65_536, 1.5];
const textUpTo = (length: number) => ['', 'a', 'ä'.repeat(length)];
const noTextAbove = (length: number) => [
  'a'.repeat(length + 1),
  'two\nlines',
  'bell\u0007',
  'turned\u202e',
  1,
];
const HASH = [hash, '0123456789abcdef'.repeat(4)];
const NO_HASH = [hash.slice(1), `${hash}0`, hash.toUpperCase(), `${hash.slice(1)}g`, `\n${hash}`];
const list = (length: number, value: unknown = 1) => Array.from({ length }, () => value);

const fields: [string, string, readonly unknown[], readonly unknown[]][] = [
  ['join', 'protocol', COUNT, NO_COUNT],
  ['join', 'name', ['a', ' a ', 'ä'.repeat(100)], ['', '  ', ...noTextAbove(100)]],
  ['join', 'kind', ['node', 'browser'], ['toaster', '']],
  ['join', 'token', ['t', 't'.repeat(200)], ['', 't'.repeat(201)]],
  ['ready', 'engine', textUpTo(100), noTextAbove(100)],
  ['ready', 'engineClass', textUpTo(200), noTextAbove(200)],
  ['ready', 'reason', textUpTo(2000), noTextAbove(2000)],
  ['contribution', 'step', COUNT, NO_COUNT],
  ['contribution', 'node', NODE, NO_NODE],
  ['contribution', 'samples', COUNT, NO_COUNT],
  ['contribution', 'loss', NUMBER, NO_NUMBER],
  ['contribution', 'metric', NUMBER, NO_NUMBER],
  ['contribution', 'computeMs', DURATION, NO_DURATION],
  ['contribution', 'waitMs', DURATION, NO_DURATION],
  ['evaluated', 'version', COUNT, NO_COUNT],
  ['evaluated', 'part', COUNT, NO_COUNT],
  ['evaluated', 'samples', COUNT, NO_COUNT],
  ['evaluated', 'loss', NUMBER, NO_NUMBER],
  ['evaluated', 'metric', NUMBER, NO_NUMBER],
  ['evaluated', 'computeMs', DURATION, NO_DURATION],
  [
    ...(['evaluated', 'confusion', [[], COUNT, list(500 ** 2)]] as const),
    [list(500 ** 2 + 1), ...NO_COUNT.map((value) => [1, value]), { length: 1 }],
  ],
  [
    ...(['evaluated', 'mistakes'] as const),
    [[], list(16, mistake), [{ ...mistake, confidence: 0 }], [{ ...mistake, confidence: 1 }]],
    [
      list(17, mistake),
      [{ ...mistake, confidence: 1.01 }],
      [{ ...mistake, confidence: -0.01 }],
      [{ ...mistake, record: -1 }],
      [{ ...mistake, predicted: 0.5 }],
      [{ ...mistake, more: 1 }],
      [{ record: 1, predicted: 1 }],
    ],
  ],
  ['dropped', 'step', COUNT, NO_COUNT],
  ['dropped', 'node', NODE, NO_NODE],
  ['dropped', 'part', COUNT, NO_COUNT],
  ['welcome', 'worker', COUNT, NO_COUNT],
  ['welcome', 'generation', COUNT, NO_COUNT],
  ['welcome', 'run', textUpTo(200), noTextAbove(200)],
  ['welcome', 'model', HASH, NO_HASH],
  ['welcome', 'train', HASH, NO_HASH],
  ['welcome', 'test', HASH, NO_HASH],
  ['welcome', 'probe', HASH, NO_HASH],
  ['welcome', 'program', HASH, NO_HASH],
  [
    ...(['welcome', 'objectBytes', [objectBytes, { ...objectBytes, model: 2 ** 32 - 1 }]] as const),
    [
      { ...objectBytes, more: 1 },
      { ...objectBytes, train: -1 },
      { ...objectBytes, program: undefined },
    ],
  ],
  ['welcome', 'shardSamples', COUNT, NO_COUNT],
  ['welcome', 'seed', COUNT, NO_COUNT],
  ['welcome', 'shuffle', textUpTo(50), noTextAbove(50)],
  ['welcome', 'engineClass', textUpTo(200), noTextAbove(200)],
  ['welcome', 'heartbeatMs', [250, 250.5, 2 ** 31 - 1], [249.9, 2 ** 31, Number.POSITIVE_INFINITY]],
  ['differs', 'version', COUNT, NO_COUNT],
  ['keep', 'version', COUNT, NO_COUNT],
  ['check', 'version', COUNT, NO_COUNT],
  ['check', 'sha256', HASH, NO_HASH],
  ['lease', 'epoch', COUNT, NO_COUNT],
  ['lease', 'node', NODE, NO_NODE],
  ['lease', 'firstShard', COUNT, NO_COUNT],
  ['lease', 'bounds', [[0, 1], list(32_769)], [[], [0], list(32_770), [0, -1], [0, 0.5], ['0', 1]]],
  [
    ...([
      'lease',
      'updates',
      [
        { before: 0, rates: [0] },
        { before: 1, rates: Array(MAX_LOCAL_STEPS).fill(1) },
      ],
    ] as const),
    [
      { before: 0, rates: [] },
      { before: 0, rates: Array(MAX_LOCAL_STEPS + 1).fill(1) },
      { before: -1, rates: [1] },
      { before: 0, rates: [Number.NaN] },
      { before: 0, rates: [1], more: 1 },
    ],
  ],
  ['lease', 'fromChunk', COUNT, NO_COUNT],
  ['lease', 'window', COUNT, NO_COUNT],
  ['cancel', 'step', COUNT, NO_COUNT],
  ['cancel', 'node', NODE, NO_NODE],
  ['cancel', 'part', COUNT, NO_COUNT],
  ['window', 'window', COUNT, NO_COUNT],
  ['evaluate', 'from', COUNT, NO_COUNT],
  ['evaluate', 'to', COUNT, NO_COUNT],
  ['evaluate', 'weights', ['current', 'averaged'], ['latest', '']],
  ['progress', 'steps', COUNT, NO_COUNT],
  ['progress', 'loss', [null, ...NUMBER], ['1', 1e51, -1e51]],
  ['progress', 'samples', [0, 2 ** 53 - 1], [-1, 0.5, 2 ** 53]],
  ['progress', 'samplesTrained', [0, 2 ** 53 - 1], [-1, 0.5, 2 ** 53]],
];

it.each([
  ['worker', workerMessage, fromWorkers],
  ['coordinator', coordinatorMessage, fromCoordinators],
] as const)('every message of a %s has an example here', (_from, schema, given) => {
  const types = schema.options.map(({ shape }) => shape.type.value as string);
  expect(given.map(({ type }) => type as string).sort()).toEqual(types.sort());
});

describe('a field', () => {
  it.each(fields)(
    '%s.%s is taken up to its limits, and refused beyond them',
    (type, field, taken, refused) => {
      for (const value of taken) expect(refusalOf(type, field, value)).toBeUndefined();
      for (const value of refused) expect(refusalOf(type, field, value)).toContain(`${type}: field ${field}`);
    },
  );
});

describe('a refusal', () => {
  it('says what is wrong with what people must read', () => {
    expect(refusalOf('join', 'name', ' ')).toBe('join: field name: is empty');
    expect(refusalOf('join', 'name', 'a\nb')).toBe(
      'join: field name: holds a character that cannot be shown on one line',
    );
    expect(refusalOf('welcome', 'model', 'x')).toBe(
      'welcome: field model: not a SHA-256 in lower-case hexadecimal',
    );
    expect(refusalOf('evaluated', 'confusion', [-1])).toBe(
      'evaluated: field confusion: not a list of counts',
    );
    expect(refusalOf('evaluated', 'mistakes', [{ ...mistake, record: -1 }])).toContain(
      'evaluated: field mistakes.0.record: ',
    );
  });

  it('names the message as far as it has a name, which a stranger cannot make long', () => {
    expect(() => validateWorkerMessage(null)).toThrow(/^message: /);
    expect(() => validateWorkerMessage([1])).toThrow(/^message: /);
    expect(() => validateWorkerMessage({ type: 5 })).toThrow(/^field type: /);
    expect(() => validateWorkerMessage({ type: 'x'.repeat(41) })).toThrow(
      new RegExp(`^${'x'.repeat(40)}: field type: `),
    );
  });
});
