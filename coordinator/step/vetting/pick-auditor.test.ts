import { describe, expect, it } from 'vitest';
import { Worker } from '../../scheduling/worker.js';
import { ownWorker } from '../../trust/own-engine.js';
import { pickAuditor } from './pick-auditor.js';

const worker = (id: number, engineClass: string) => {
  const made = new Worker({ id, name: `w${id}`, kind: 'node' }, 0);
  made.ready(engineClass, engineClass);
  return made;
};
const own = ownWorker();
const [cpu, other, wasm] = ['eager/cpu@1', 'eager/webgl@1', 'compiled/wasm@1'] as const;
/** Seconds of work that each has, by its id. */
const pick = (engineClass: string, trusted: Worker[], mine?: Worker, seconds: number[] = []) =>
  pickAuditor(engineClass, trusted, mine, ({ id }) => seconds[id] ?? 0)?.id;

describe('who recomputes a volunteer’s node', () => {
  it('is the least busy of the trusted workers of its class, by number where they are equal', () => {
    const three = [worker(3, cpu), worker(1, cpu), worker(2, cpu)];
    expect(pick(cpu, three)).toBe(1);
    expect(pick(cpu, three, own, [0, 5, 1, 2])).toBe(2);
    expect(pick(cpu, [worker(1, other), worker(2, cpu)], own, [0, 0, 9])).toBe(2);
  });

  it('is the coordinator for the class that has the same bits everywhere, where none is of it', () => {
    expect(pick(wasm, [worker(1, cpu)], own)).toBe(own.id);
    expect(pick(wasm, [worker(1, cpu), worker(2, wasm)], own)).toBe(2);
  });

  it('is else any trusted worker, and the coordinator where there is none', () => {
    expect(pick(cpu, [worker(1, other), worker(2, other)], own, [0, 2, 1])).toBe(2);
    expect(pick(wasm, [worker(1, cpu)])).toBe(1);
    expect(pick(cpu, [], own)).toBe(own.id);
    expect(pick(cpu, [])).toBeUndefined();
  });
});
