/** What an honest worker would say, from what a connection has heard: where mutations begin. */
import type { Random } from '../../../shared/numerics/random.js';
import { FRAME_CONTRIBUTION, HEADER_BYTES, writeHeader } from '../../../shared/protocol/frame.js';
import { type Lease, PROTOCOL_VERSION, type WorkerMessage } from '../../../shared/protocol/messages.js';

/** What a connection knows of the run. */
export interface Heard {
  token: string;
  /** By which the coordinator knows it: never the same twice, so that a ban ends nothing but itself. */
  name: string;
  /** What it says to have: what the run demands, if it demands any. */
  engineClass: string;
  lease: Lease | undefined;
  /** Of the weights that came last. */
  version: number;
  /** Of the gradient: elements of each chunk, all of them of the same length. */
  elements: number;
  chunks: number;
  /** Bytes of the body of each chunk where gradients travel coded. */
  coded?: readonly number[] | undefined;
}

export const TYPES = [
  'join',
  'ready',
  'synced',
  'contribution',
  'evaluated',
  'dropped',
  'differs',
  'heartbeat',
] as const;

/** A message in the right form; its numbers are right where `heard` tells them. */
export function honest(type: WorkerMessage['type'], heard: Heard, random: Random): WorkerMessage {
  const { token, name, engineClass, lease, version } = heard;
  const [step, node] = [lease?.step ?? version, lease?.node ?? 1 + random.below(15)];
  const sums = { loss: random.float(), metric: random.below(9), computeMs: random.float() };
  switch (type) {
    case 'join':
      return {
        ...{ type, protocol: PROTOCOL_VERSION, name, kind: random.below(2) ? 'node' : 'browser', token },
        ...(random.below(2) ? { holds: { version, sha256: 'f'.repeat(64) } } : {}),
      };
    case 'ready':
      return { type, engine: 'light', engineClass, reason: 'none' };
    case 'synced':
      return { type, version };
    case 'contribution':
      return { type, step, node, samples: samplesOf(lease), ...sums, waitMs: 0 };
    case 'evaluated':
      return {
        ...{ type, version, part: random.below(3), samples: random.below(20), ...sums },
        confusion: Array.from({ length: 9 }, () => random.below(9)),
        mistakes: [{ record: random.below(20), predicted: 1, confidence: random.float() }],
      };
    case 'dropped':
      return random.below(2) ? { type, step, node } : { type, step, part: random.below(3) };
    case 'differs':
      return { type, version };
    case 'heartbeat':
      return { type };
  }
}

const samplesOf = (lease: Lease | undefined): number => (lease ? lease.bounds.at(-1)! - lease.bounds[0]! : 4);

/** What is right in form and says nothing: it ends no connection that has joined. */
export function idle({ version, ...heard }: Heard, random: Random): WorkerMessage {
  const before = { ...heard, lease: undefined, version: random.below(version + 1) };
  const type = (['heartbeat', 'dropped', 'contribution'] as const)[random.below(3)]!;
  const message = honest(type, before, random);
  return message.type === 'contribution' ? { ...message, step: Math.max(0, message.step - 1) } : message;
}

/** A chunk of a contribution, of random numbers. */
export function frame(heard: Heard, random: Random, chunk = 0): Uint8Array {
  const { lease, version, elements, coded } = heard;
  const header = {
    type: FRAME_CONTRIBUTION,
    node: lease?.node ?? 1 + random.below(15),
    step: lease?.step ?? version,
    chunk,
  } as const;
  // Random scales and codes: of one block in four or so, and so seldom of a whole chunk, they are right.
  if (coded && random.below(4) > 0) {
    const length = coded[chunk % coded.length]!;
    const bytes = Uint8Array.from({ length: HEADER_BYTES + length }, () =>
      random.below(random.below(2) ? 256 : 64),
    );
    writeHeader(bytes, { ...header, coding: 'int8' }, length);
    return bytes;
  }
  const bytes = new Uint8Array(HEADER_BYTES + 4 * elements);
  writeHeader(bytes, header, 4 * elements);
  const body = new DataView(bytes.buffer, HEADER_BYTES);
  for (let at = 0; at < elements; at++) body.setFloat32(4 * at, random.between(-1, 1), true);
  return bytes;
}
