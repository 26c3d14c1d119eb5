/** Who has a lock, whatever the order in which those who want it come to act, and whoever of them dies on the way. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { UserError } from '../../../shared/user-error.js';
import type { Owner } from './owner.js';
import { takeLock } from './take.js';

const PATH = 'run.lock';

class Death extends Error {}

/** A folder that each call finds as the one before has left it; which call is next, `turn` decides. */
class Folder {
  readonly files = new Map<string, string>();
  readonly dead = new Set(['dead']);
  /** Who has the lock now. */
  readonly holders = new Set<string>();
  most = 0;

  constructor(private readonly turn: () => Promise<void>) {}

  /** One process: takes the lock, has it for a while, and gives it back. It dies at its call `diesAt`. */
  async run(id: string, diesAt: number): Promise<'had it' | 'refused' | 'died'> {
    let calls = 0;
    const call = async <T>(change: () => T): Promise<T> => {
      await this.turn();
      if (calls++ >= diesAt) {
        this.dead.add(id);
        this.holders.delete(id);
        throw new Death();
      }
      return change();
    };
    const { files } = this;
    const owner = { ...({} as Owner), id, pid: 1 };
    try {
      await takeLock(PATH, {
        owner,
        files: {
          create: (path, text) => call(() => !files.has(path) && files.set(path, text) === files),
          read: (path) => call(() => files.get(path)),
          remove: (path) => call(() => void files.delete(path)),
          move: (from, to) =>
            call(() => {
              const text = files.get(from);
              if (text !== undefined) files.set(to, text);
              return files.delete(from);
            }),
        },
        lives: async (other) => call(() => !this.dead.has(other.id)),
      });
      // Not a call later: this is what the lock promises.
      this.holders.add(id);
      this.most = Math.max(this.most, this.holders.size);
      await call(() => undefined);
      await call(() => {
        this.holders.delete(id);
        files.delete(PATH);
      });
      return 'had it';
    } catch (error) {
      if (error instanceof Death) return 'died';
      if (error instanceof UserError) return 'refused';
      throw error;
    }
  }
}

const NEVER = Number.POSITIVE_INFINITY;
const immediately = () => Promise.resolve();
const text = (id: string) => JSON.stringify({ id, pid: 1 });
/** What stands there when they come: nothing, the lock of one that has died, or what a power loss leaves. */
const before = fc.constantFrom(undefined, text('dead'), '', 'null');

it('one at a time has it, and those who die on the way leave nothing that locks for ever', async () => {
  const lives = fc.array(fc.oneof(fc.constant(NEVER), fc.nat(14)), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      lives,
      before,
      fc.boolean(),
      async (scheduler, deaths, found, isPowerLost) => {
        const folder = new Folder(scheduler.scheduleFunction(async () => undefined));
        if (found !== undefined) folder.files.set(PATH, found);
        const all = Promise.all(deaths.map((diesAt, at) => folder.run(`process ${at}`, diesAt)));
        await scheduler.waitFor(all);
        const ends = await all;
        expect(folder.most).toBeLessThanOrEqual(1);
        if (!ends.includes('died')) {
          expect(ends).toContain('had it');
          expect([...folder.files.keys()]).toEqual([]);
        }
        // Whoever comes later, and finds none alive, and perhaps files of which a power loss left the names alone.
        const later = new Folder(immediately);
        for (const [path, held] of folder.files) later.files.set(path, isPowerLost ? '' : held);
        for (const id of folder.dead) later.dead.add(id);
        expect(await later.run('later', NEVER)).toBe('had it');
      },
    ),
    { numRuns: 1000 },
  );
});

it('one that lives is refused to others, also while it is about to replace a dead owner', async () => {
  const folder = new Folder(immediately);
  folder.files.set(PATH, text('dead'));
  // It has claimed the dead one's place, and does not come to replace its lock.
  let isClaimed: () => void = () => undefined;
  const claimed = new Promise<void>((resolve) => {
    isClaimed = resolve;
  });
  const { files } = folder;
  let calls = 0;
  void takeLock(PATH, {
    owner: { ...({} as Owner), id: 'slow', pid: 1 },
    lives: async () => false,
    files: {
      create: async (path, made) => !files.has(path) && files.set(path, made) === files,
      read: async (path) => {
        if (calls++ === 0) return files.get(path);
        isClaimed();
        return new Promise<never>(() => undefined);
      },
      remove: async () => undefined,
      move: async () => false,
    },
  });
  await claimed;
  expect(await folder.run('another', NEVER)).toBe('refused');
  folder.dead.add('slow');
  expect(await folder.run('another', NEVER)).toBe('had it');
  expect([...files.keys()]).toEqual([]);
});
