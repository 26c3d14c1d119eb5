import { describe, expect, it } from 'vitest';
import { decodeCoordinatorMessage, decodeWorkerMessage, encode } from './codec.js';
import type { WorkerMessage } from './messages.js';

const times = { computeMs: 1, waitMs: 1 };
const messages: WorkerMessage[] = [
  { type: 'join', protocol: 1, name: 'anna', kind: 'node' },
  { type: 'synced', version: 1 },
  { type: 'contribution', step: 1, node: 1, samples: 4, loss: 1, metric: 1, ...times },
  { type: 'evaluated', version: 1, part: 1, samples: 4, loss: 1, metric: 1, computeMs: 1 },
  { type: 'dropped', step: 1, node: 1, part: 1 },
];

const cases = messages.flatMap((message) =>
  Object.entries(message)
    .filter(([, value]) => typeof value === 'number')
    .map(([field]) => [message.type, field, message] as const),
);

describe('a number of a message', () => {
  it.each(cases)('is bounded: %s.%s', (_, field, message) => {
    const told = (value: number) =>
      decodeWorkerMessage(encode({ ...message, [field]: value } as WorkerMessage));
    expect(told(1)).toEqual(message.type === 'join' ? message : { ...message, [field]: 1 });
    for (const value of [1e300, -1e300, Number.MAX_VALUE]) expect(() => told(value)).toThrow(field);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 3e38 * 2 ** 32])('of a loss may be %d', (loss) => {
    const message = { ...messages[2], loss } as WorkerMessage;
    expect(decodeWorkerMessage(encode(message))).toEqual(message);
  });
});

describe('a message of a coordinator', () => {
  it('is read as it was told, by its workers alone', () => {
    const message = { type: 'window', step: 1, window: 9 } as const;
    expect(decodeCoordinatorMessage(encode(message))).toEqual(message);
    expect(() => decodeWorkerMessage(encode(message))).toThrow('window: field type');
    expect(() => decodeCoordinatorMessage(encode(messages[0]!))).toThrow('join: field type');
  });
});
