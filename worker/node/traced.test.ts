import { expect, it } from 'vitest';
import { HEADER_BYTES, writeHeader } from '../../shared/protocol/frame.js';
import type { InProcessDoor, InProcessEvents } from '../../shared/protocol/in-process.js';
import { protocolTrace } from '../../shared/protocol/trace.js';
import { tracedDoor } from './traced.js';

const KEEP = { type: 'keep', version: 3 } as const;

/** A door that remembers what it was told, and whoever knocked. */
function fakeDoor() {
  const heard: unknown[] = [];
  const knocked: InProcessEvents[] = [];
  const door: InProcessDoor = {
    object: () => undefined,
    connect(events) {
      knocked.push(events);
      return {
        tell: (message) => heard.push(message),
        sendFrame: (header, body, flushed) => {
          heard.push([header.length, body.length]);
          flushed();
        },
        allocate: (elements) => new Float32Array(elements),
        release: () => undefined,
        close: (code) => heard.push(code),
      };
    },
  };
  return { door, heard, knocked };
}

const silent = { opened: () => undefined, closed: () => undefined };

it('what crosses within a process is traced from the side of the worker, and passes as it is', () => {
  const lines: string[] = [];
  const write = (line: string) => lines.push(line.replace(/^\S+ /, '').trim());
  const trace = protocolTrace({ SWARMGRAD_TRACE: 'protocol' }, { side: 'worker', write });
  const { door, heard, knocked } = fakeDoor();
  const told: unknown[] = [];
  const connection = tracedDoor(door, trace).connect({
    ...silent,
    told: (message) => told.push(message),
    held: (_which, version, values) => told.push([version, values]),
  });
  const values = new Float32Array(8);
  knocked[0]!.told(KEEP);
  knocked[0]!.held('current', 3, values);
  connection.tell({ type: 'synced', version: 3 });
  let isFlushed = false;
  const header = new Uint8Array(HEADER_BYTES);
  writeHeader(header, { type: 1, step: 3, node: 2, chunk: 0 }, 32);
  connection.sendFrame(header, new Uint8Array(32), () => {
    isFlushed = true;
  });
  connection.close(1000, 'done');
  expect(told).toEqual([KEEP, [3, values]]);
  expect((told[1] as unknown[])[1]).toBe(values);
  expect(heard).toEqual([{ type: 'synced', version: 3 }, [header.length, 32], 1000]);
  expect(isFlushed).toBe(true);
  expect(lines).toEqual([
    'trace worker ?#? <- keep version=3',
    'trace worker ?#? <- weights version=3 bytes=32 held=in-place',
    'trace worker ?#? -> synced version=3',
    `trace worker ?#? -> gradient step=3 node=2 chunk=0 bytes=${header.length + 32}`,
    'trace worker ?#? -> close code=1000 reason=done',
  ]);
});

it('a door that is not traced is the same door', () => {
  const { door } = fakeDoor();
  expect(tracedDoor(door, undefined)).toBe(door);
});
