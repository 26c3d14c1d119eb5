/** A line for each message, with what tells it apart; and never what must not be in a log. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPrintable } from '../printable.js';
import { encode } from './codec.js';
import { FRAME_CONTRIBUTION, HEADER_BYTES, writeHeader } from './frame.js';
import type { Join } from './messages.js';
import { protocolTrace, type Side, TRACE_VARIABLE } from './trace.js';

const ON = { [TRACE_VARIABLE]: 'protocol' };
const join: Join = { type: 'join', protocol: 1, name: 'ada', kind: 'node' };

function connection(side: Side) {
  const lines: string[] = [];
  const trace = protocolTrace(ON, { side, write: (line) => lines.push(line), wallClock: () => 0 })!;
  return { lines, told: trace.connection() };
}

const frame = () => {
  const message = new Uint8Array(HEADER_BYTES + 8);
  writeHeader(message, { type: FRAME_CONTRIBUTION, node: 9, chunk: 2, step: 5 }, 8);
  return message;
};

describe('the trace of a connection', () => {
  it('has a line for each message and frame, with its worker, its direction and its fields', () => {
    const { lines, told } = connection('coordinator');
    told.received(encode(join));
    const lease = { type: 'lease', step: 5, epoch: 1, node: 9, firstShard: 1, bounds: [0, 16] } as const;
    told.sent(encode({ ...lease, bounds: [...lease.bounds], fromChunk: 0, window: 8 }));
    told.received(frame());
    told.sent(frame().subarray(0, HEADER_BYTES), 8);
    told.closed('->', 4000, 'the run is over');
    expect(lines).toEqual([
      '1970-01-01T00:00:00.000Z trace coordinator ada#? <- join protocol=1 name=ada kind=node\n',
      '1970-01-01T00:00:00.000Z trace coordinator ada#? -> lease step=5 node=9 firstShard=1 fromChunk=0 window=8\n',
      '1970-01-01T00:00:00.000Z trace coordinator ada#? <- gradient step=5 node=9 chunk=2 bytes=24\n',
      '1970-01-01T00:00:00.000Z trace coordinator ada#? -> gradient step=5 node=9 chunk=2 bytes=24\n',
      '1970-01-01T00:00:00.000Z trace coordinator ada#? -> close code=4000 reason="the run is over"\n',
    ]);
  });

  it("reads the other side's messages as such, on either side", () => {
    const { lines, told } = connection('worker');
    told.sent(encode(join));
    told.received(encode({ type: 'window', step: 5, window: 3 }));
    expect(lines.map((line) => line.replace(/.* trace /, ''))).toEqual([
      'worker ada#? -> join protocol=1 name=ada kind=node\n',
      'worker ada#? <- window step=5 window=3\n',
    ]);
  });

  it('is one printable line, whatever comes, and never tells a token', () => {
    const token = fc.string({ minLength: 12, maxLength: 40 }).map((text) => `secret-${text}`);
    const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 50 });
    const anything = fc.oneof(
      fc.uint8Array(),
      fc.record({ token, name: names }).map((given) => encode({ ...join, ...given })),
      // Malformed by its version.
      fc.record({ token, name: names }).map((given) => encode({ ...join, ...given, protocol: -1 })),
      fc.record({ token }).map((given) => encode({ type: 'heartbeat', ...given } as never)),
    );
    fc.assert(
      fc.property(anything, fc.boolean(), (bytes, isSent) => {
        const { lines, told } = connection('worker');
        if (isSent) told.sent(bytes);
        else told.received(bytes);
        expect(lines).toHaveLength(1);
        expect(lines[0]).toMatch(/\n$/);
        expect(isPrintable(lines[0]!.slice(0, -1))).toBe(true);
        expect(lines[0]).not.toContain('secret-');
        expect(lines[0]!.length).toBeLessThan(1000);
      }),
    );
  });

  it('says that a message cannot be read, and why', () => {
    const { lines, told } = connection('coordinator');
    told.received(Uint8Array.of(0xc1));
    told.received(Uint8Array.of(0x07));
    expect(lines[0]).toMatch(/<- malformed bytes=1 why="[^"]+"\n$/);
    expect(lines[1]).toMatch(/<- malformed bytes=1 why="a frame has at least 16 bytes, this one 1"\n$/);
  });
});

describe('tracing', () => {
  const options = { side: 'worker', write: () => undefined } as const;

  it('is off unless it is asked for', () => {
    expect(protocolTrace({}, options)).toBeUndefined();
    expect(protocolTrace({ [TRACE_VARIABLE]: '' }, options)).toBeUndefined();
  });

  it('of something else is refused, and not ignored', () => {
    expect(() => protocolTrace({ [TRACE_VARIABLE]: 'sql' }, options)).toThrow(
      'SWARMGRAD_TRACE must be protocol, not "sql"',
    );
  });
});
