/** The processes of the bench with sockets: a coordinator, and workers, of which one can be lost with all that it holds. */
import { type ChildProcess, fork } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { firstShard, leafCount } from '../../shared/numerics/tree.js';
import type { IdleModel } from './idle-models.js';
import type { Address, Mark } from './served-run.js';
import type { Leased, Told } from './stub-workers.js';

export interface Loss {
  /** That died with the process. */
  leases: number;
  /** Shards of those, and those that had arrived all the same. */
  shards: number;
  arrived: number;
  /** Milliseconds until another worker had a lease of the last shard that had not. */
  replacedMs: number;
  /** Of the step in hand. */
  stepMs: number;
}

/** Nothing may keep the bench for ever. */
const PATIENCE_MS = 240_000;

export class SwarmOfProcesses {
  private coordinator!: ChildProcess;
  private folder: string | undefined;
  private readonly workers: ChildProcess[] = [];
  /** When each step's first lease was there. */
  private readonly beginnings = new Map<number, number>();
  private begun: () => void = () => undefined;
  /** Why connections were closed, though nobody was killed. */
  readonly refused: string[] = [];

  async startCoordinator(members: number, shards: number, model: IdleModel): Promise<Address> {
    this.coordinator = child('./served-run.ts', members, shards, model);
    const { address } = await answer<{ address: Address }>(this.coordinator, 'address');
    this.folder = dirname(address.runDir);
    return address;
  }

  /** Resolves once each of them has had a lease. */
  async startWorkers(...args: (string | number)[]): Promise<void> {
    const workers = child('./stub-workers.ts', ...args);
    this.workers.push(workers);
    workers.on('message', ({ began, closed }: Told) => {
      if (closed !== undefined) this.refused.push(closed);
      if (!began) return;
      this.beginnings.set(began.step, Math.min(began.at, this.beginnings.get(began.step) ?? began.at));
      this.begun();
    });
    await answer<Told>(workers, 'complete');
  }

  /** The newest step that has begun. */
  newest(): number {
    return Math.max(...this.beginnings.keys());
  }

  /** Resolves once a step has begun, with when. */
  async began(step: number): Promise<number> {
    const timer = setTimeout(() => this.begun(), PATIENCE_MS);
    const until = Date.now() + PATIENCE_MS;
    while (!this.beginnings.has(step)) {
      if (Date.now() >= until)
        throw new Error(`step ${step} does not begin (${this.refused[0] ?? 'all are here'})`);
      await new Promise<void>((resolve) => {
        this.begun = resolve;
      });
    }
    clearTimeout(timer);
    return this.beginnings.get(step)!;
  }

  async mark(): Promise<Mark> {
    this.coordinator.send('mark');
    return (await answer<{ mark: Mark }>(this.coordinator, 'mark')).mark;
  }

  /** Kills a process of workers so many milliseconds after a step has begun, and waits for the end of that. */
  async lose(afterMs: number, shards: number): Promise<Loss> {
    const step = this.newest() + 1;
    const beganAt = await this.began(step);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    const victim = this.workers.shift()!;
    victim.send('freeze');
    const { frozen } = await answer<{ frozen: Leased[] }>(victim, 'frozen');
    victim.kill('SIGKILL');
    const killedAt = Date.now();
    const endedAt = await this.began(step + 1);
    const others: Leased[] = [];
    for (const workers of this.workers) {
      workers.send('leases');
      others.push(...(await answer<{ leases: Leased[] }>(workers, 'leases')).leases);
    }
    const lost = frozen.filter((lease) => lease.step === step);
    const again = leasedAgain(
      lost,
      others.filter((lease) => lease.step === step),
      shards,
    );
    return {
      leases: lost.length,
      shards: again.length,
      arrived: again.filter((at) => at === undefined).length,
      replacedMs: Math.max(0, ...again.map((at) => (at ?? killedAt) - killedAt)),
      stepMs: endedAt - beganAt,
    };
  }

  async end(): Promise<void> {
    for (const process of [this.coordinator, ...this.workers]) process?.kill('SIGKILL');
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }
}

/** Of each shard of the leases that were lost, when another worker first had it; undefined: never, so it had arrived. */
function leasedAgain(lost: Leased[], others: Leased[], shards: number): (number | undefined)[] {
  const at = new Map<number, number>();
  for (const lease of others)
    for (const shard of shardsOf(lease, shards)) at.set(shard, Math.min(lease.at, at.get(shard) ?? lease.at));
  return [...new Set(lost.flatMap((lease) => shardsOf(lease, shards)))].map((shard) => at.get(shard));
}

function shardsOf({ node }: Leased, shards: number): number[] {
  const first = firstShard(shards, node);
  return Array.from({ length: leafCount(shards, node) }, (_, i) => first + i);
}

function child(file: string, ...args: (string | number)[]): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return fork(path, args.map(String), { execArgv: ['--single-threaded-gc', '--import', 'tsx'] });
}

/** Resolves with the next message of a process that has this field. @throws Error if it ends, or says nothing for long */
function answer<T extends object>(process: ChildProcess, field: keyof T): Promise<T> {
  return new Promise((resolve, reject) => {
    const over = (act: () => void) => {
      clearTimeout(timer);
      process.off('message', hear).off('exit', ended);
      act();
    };
    const ended = (code: number | null) =>
      over(() => reject(new Error(`a process of the bench ended (${code})`)));
    const hear = (message: T) => {
      if (field in message) over(() => resolve(message));
    };
    const late = () =>
      over(() => reject(new Error(`no word of ${String(field)} from a process of the bench`)));
    const timer = setTimeout(late, PATIENCE_MS);
    process.on('message', hear).on('exit', ended);
  });
}
