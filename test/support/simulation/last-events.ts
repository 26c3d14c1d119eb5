/**
 * The last things that happened in a simulated cluster, for the message of a test that fails: one line each, with the
 * simulated time, who it happened to and what it was. Nothing is put into words before a test has failed.
 */
import { relative } from 'node:path';
import { beforeEach } from 'vitest';
import type { RunParts } from '../../../coordinator/run/loop.js';
import { describeEffect, describeEvent } from '../../../coordinator/step/events.js';
import { HEADER_BYTES, isFrame, readHeader } from '../../../shared/protocol/frame.js';
import { closeInWords, messageInWords, type Tap } from '../../../shared/protocol/trace.js';

/** Lines that a failure shows: as many as a person reads, from the end backwards. */
const MOST = 200;
/** Events that are kept: some are not shown, since a step's event says the same. */
const KEPT = 4 * MOST;

/** Messages that a step hears, or sends by its effects. */
const OF_A_STEP =
  /^(<-|->) (contribution|gradient|evaluated|dropped|lease|cancel|window|evaluate|heartbeat)\b/;

/** Events of a step that are told only where something follows from them. */
const ROUTINE: ReadonlySet<string> = new Set(['added', 'tick', 'sweep']);

interface Happened {
  at: number;
  who: string;
  what: () => string;
}

class LastEvents {
  private readonly ring: Happened[] = [];
  private count = 0;
  private hasSteps = false;

  clear(): void {
    this.ring.length = 0;
    this.count = 0;
    this.hasSteps = false;
  }

  /** @param at simulated milliseconds */
  add(at: number, who: string, what: () => string): void {
    this.ring[this.count++ % KEPT] = { at, who, what };
  }

  /** What crosses a connection, at the coordinator's end. */
  tap(who: string, now: () => number): Tap {
    return {
      // Of weights the first chunk alone: all of them, to all workers, would be nearly every line.
      sent: (bytes, more = 0) => {
        if (isFrame(bytes) && readHeader(bytes).chunk > 0) return;
        this.add(now(), who, () => `-> ${messageInWords(bytes, 'coordinator', more)}`);
      },
      received: (bytes) => {
        // A frame's body may be long, and is never told.
        const kept = isFrame(bytes) ? bytes.slice(0, HEADER_BYTES) : bytes;
        this.add(now(), who, () => `<- ${messageInWords(kept, 'worker', bytes.length - kept.length)}`);
      },
      closed: (arrow, code, reason) => this.add(now(), who, () => `${arrow} ${closeInWords(code, reason)}`),
    };
  }

  /** What steps and evaluations hear, and what follows from it. */
  steps(now: () => number): NonNullable<RunParts['trace']> {
    return (event, effects) => {
      this.hasSteps = true;
      if (effects.length === 0 && ROUTINE.has(event.type)) return;
      const who = 'worker' in event ? event.worker.name : 'step';
      this.add(now(), who, () =>
        [describeEvent(event), ...effects.map((effect) => describeEffect(effect))].join(' => '),
      );
    };
  }

  get isEmpty(): boolean {
    return this.count === 0;
  }

  toString(): string {
    const first = Math.max(0, this.count - KEPT);
    const kept = Array.from({ length: this.count - first }, (_, at) => this.ring[(first + at) % KEPT]!);
    const lines = kept.flatMap(({ at, who, what }) => {
      const words = what();
      if (this.hasSteps && OF_A_STEP.test(words)) return [];
      return [`${at.toFixed(1).padStart(10)} ms  ${who.padEnd(12)} ${words}`];
    });
    const shown = lines.slice(-MOST);
    return [`the last ${shown.length} events:`, ...shown].join('\n');
  }
}

/** Of the cluster that is simulated now: a test file simulates one at a time. */
export const lastEvents = new LastEvents();

/** A row of scripts/replay.mjs. */
type Campaign = 'chaos' | 'fuzz' | 'model' | 'byzantine' | 'audits' | 'peers';

/** The command that plays a campaign again. @param variables of the environment by which it differs */
export function replay(campaign: Campaign, seed: number, ...variables: string[]): string {
  const given = variables.filter((name) => process.env[name] !== undefined);
  const settings = given.map((name) => `${name}=${process.env[name]} `);
  return `${settings.join('')}npm run replay -- ${campaign} ${seed}`;
}

/**
 * Plays a simulation; a failure tells in its own message how to play the same again, and what happened last.
 * @param again the command that plays the same
 */
export async function telling<T>(again: string, play: () => T | Promise<T>): Promise<T> {
  lastEvents.clear();
  try {
    return await play();
  } catch (error) {
    if (error instanceof Error) tellIn(error, again);
    throw error;
  }
}

/**
 * The same for all tests of a file whose simulations draw nothing at random: each plays the same when it is run again.
 * To be called once, at the top of the file.
 */
export function tellingTests(): void {
  beforeEach(({ onTestFailed }) => {
    lastEvents.clear();
    onTestFailed(({ task: { name, file, result } }) => {
      if (lastEvents.isEmpty) return;
      const pattern = name.replace(/[^\w ,]/g, '.');
      const again = `npx vitest run ${relative(process.cwd(), file.filepath)} -t '${pattern}'`;
      for (const error of result?.errors ?? []) tellIn(error, again);
    });
  });
}

function tellIn(error: { message: string }, again: string): void {
  error.message = [error.message, `again: ${again}`, lastEvents].join('\n\n');
}
