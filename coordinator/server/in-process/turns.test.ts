import { expect, it } from 'vitest';
import { Turns } from './turns.js';

it('does one thing after the other, and lets others have their turn between two that are long', async () => {
  const turns = new Turns();
  const done: string[] = [];
  const act = (name: string) => () => void done.push(name);
  turns.add(() => {
    done.push('begin');
    // What follows from something waits until that is over, and for what was there before.
    turns.add(act('short 2'));
    done.push('end');
  });
  turns.add(act('short 1'));
  turns.add(act('long 1'), true);
  turns.add(act('short 3'));
  turns.add(act('long 2'), true);
  turns.add(act('short 4'));
  expect(done).toEqual([]);
  setImmediate(act('another'));
  await Promise.resolve();
  expect(done).toEqual(['begin', 'end', 'short 1', 'long 1', 'short 3']);
  await new Promise<void>((resolve) => turns.add(resolve));
  const before = ['begin', 'end', 'short 1', 'long 1', 'short 3'];
  expect(done).toEqual([...before, 'another', 'long 2', 'short 4', 'short 2']);
});
