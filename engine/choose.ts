/**
 * Chooses the engine: tries those that a machine may have, drops what is missing, lacks an operation or
 * disagrees with the reference, times the rest on a shard of the real model, and takes the fastest.
 */
import type { Manifest } from '../shared/data/manifest.js';
import { hasLanes } from '../shared/engines/engines.js';
import type { Probe } from '../shared/engines/probe.js';
import type { Layout } from '../shared/numerics/layout.js';
import { didYouMean } from '../shared/options/closest.js';
import { messageOf, UserError } from '../shared/user-error.js';
import { batchOf, distanceFromReference, TOLERANCE } from './admission.js';
import type { Engine } from './engine.js';

export interface Candidate<Name extends string = string> {
  /** The engine's name, for example `eager/wasm`: a row of shared/engines/engines.ts. */
  name: Name;
  /** Tried only if nothing before it works: it is known to be slower than all of them. */
  lastResort?: boolean;
  /** How many threads it computes with, where that can be told. */
  threads?: number;
  /** @throws the reason why this machine cannot have it, or not for this model */
  start(): Promise<Engine>;
}

/** What came of trying a candidate. */
export interface Tried {
  name: string;
  engineClass?: string;
  /** Milliseconds of one shard: the fastest of several runs. */
  shardMs?: number;
  /** Distance from the reference, relative. */
  distance?: number;
  /** Why it is out. */
  refused?: string;
}

export interface ChooseOptions {
  candidates: readonly Candidate[];
  /** `auto`, or the name of the one to take. */
  wanted: string;
  /** If it is absent, the first engine that starts is used. */
  probe?: Probe;
  layout: Layout;
  manifest: Pick<Manifest, 'x' | 'y'>;
  /** Samples of one shard of the run. */
  shardSamples: number;
  /** Lanes that the machine wants: engines are compared by what so many of each do; default: 1. */
  lanes?: number | undefined;
  /** Try last resorts too, for people who want to see the whole table. */
  tryAll?: boolean;
  now(): number;
}

export interface Choice {
  engine: Engine;
  /** One line for people: what was chosen and why. */
  reason: string;
  tried: Tried[];
}

/** An optional package that is not there is no news. */
const NOT_INSTALLED = /is not installed$/;

/** WebAssembly is compiled for speed while it runs: timed until so many runs in turn are no faster by a twentieth. */
const RUNS_NO_FASTER = 2;
const FASTER = 0.95;
/** Time enough, however much faster it still gets. */
const TIMING_MS = 1000;
/** The timing for the full table: WebAssembly may be slow for a second, and then five times as fast. */
const PATIENT_TIMING_MS = 2500;
/** So many times slower than the best before it: it will not catch up. */
const HOPELESS = 8;

/** @throws UserError if none is left, with the reason of each */
export async function chooseEngine(options: ChooseOptions): Promise<Choice> {
  const { candidates, wanted } = options;
  const eligible = wanted === 'auto' ? candidates : candidates.filter(({ name }) => name === wanted);
  if (eligible.length === 0) {
    const known = candidates.map(({ name }) => name);
    const meant = didYouMean(wanted, known);
    throw new UserError(`engine ${wanted} is unknown here: give auto, ${known.join(', ')}${meant}`, 2);
  }
  const { probe } = options;
  const tried: Tried[] = [];
  /** The fastest first, by the milliseconds of a shard in all lanes together; of equals the one tried first. */
  const works: { candidate: Candidate; result: Tried; ms: number }[] = [];
  const left: Candidate[] = [];
  for (const candidate of eligible) {
    if (works.length > 0 && candidate.lastResort && !options.tryAll) {
      left.push(candidate);
      continue;
    }
    if (!probe) {
      const engine = await startOr(candidate, (refused) => tried.push({ name: candidate.name, refused }));
      if (engine) return { engine, reason: `${titleOf(candidate)}: the first that starts`, tried };
      continue;
    }
    const lanes = lanesOf(candidate.name, options);
    const best = works[0];
    const bestMs = best && lanes * best.ms;
    const result = await tryOne(candidate, { ...options, probe }, bestMs);
    tried.push(result);
    if (result.shardMs === undefined) continue;
    works.push({ candidate, result, ms: result.shardMs / lanes });
    works.sort((a, b) => a.ms - b.ms);
  }
  for (const { candidate, result } of works) {
    const engine = await startOr(candidate, (refused) => {
      // What could be built before may not be built again: memory, or a device that is gone.
      delete result.shardMs;
      result.refused = refused;
    });
    if (engine) return { engine, reason: explain(candidate, tried, options), tried };
  }
  if (left.length > 0) {
    const rest = await chooseEngine({ ...options, candidates: left });
    return { ...rest, tried: [...tried, ...rest.tried] };
  }
  const reasons = tried.map(({ name, refused }) => `${name}: ${refused}`).join('; ');
  throw new UserError(`no engine of this machine can compute this model (${reasons})`);
}

/** How many of an engine would compute at a time. Each is taken to be as fast as one alone. */
const lanesOf = (name: string, { lanes = 1 }: Pick<ChooseOptions, 'lanes'>): number =>
  hasLanes(name) ? lanes : 1;

/** The engine, or word of why there is none. */
async function startOr(candidate: Candidate, refuse: (reason: string) => void): Promise<Engine | undefined> {
  try {
    return await candidate.start();
  } catch (error) {
    refuse(messageOf(error));
    return undefined;
  }
}

type ProbeOptions = ChooseOptions & { probe: Probe };

async function tryOne(candidate: Candidate, options: ProbeOptions, bestMs?: number): Promise<Tried> {
  const { name } = candidate;
  let engine: Engine | undefined;
  try {
    engine = await candidate.start();
    const { engineClass } = engine;
    const distance = await distanceFromReference(engine, options.probe, options.layout, options.manifest);
    if (distance > TOLERANCE) {
      const refused = `disagrees with the reference by ${distance.toExponential(1)} (allowed: ${TOLERANCE})`;
      return { name, engineClass, distance, refused };
    }
    return { name, engineClass, distance, shardMs: await timeShard(engine, options, bestMs) };
  } catch (error) {
    return { name, refused: messageOf(error) };
  } finally {
    disposeOf(engine);
  }
}

/** One that is broken may fail at this too. */
function disposeOf(engine: Engine | undefined): void {
  try {
    engine?.dispose();
  } catch {
    // It has been tried and is not needed.
  }
}

async function timeShard(engine: Engine, options: ProbeOptions, bestMs?: number): Promise<number> {
  const { probe, manifest, shardSamples, layout, now } = options;
  const batch = batchOf(probe.cases[0]!, manifest, shardSamples);
  const into = new Float32Array(layout.total);
  const began = now();
  // The first run compiles and allocates.
  await engine.gradient(batch, 1, into);
  let fastest = Number.POSITIVE_INFINITY;
  const isEnough = (noFaster: number) => {
    const ms = now() - began;
    if (options.tryAll) return ms >= PATIENT_TIMING_MS;
    const isHopeless = bestMs !== undefined && fastest > HOPELESS * bestMs;
    return noFaster === RUNS_NO_FASTER || isHopeless || ms >= TIMING_MS;
  };
  let noFaster = 0;
  do {
    const started = now();
    await engine.gradient(batch, 1, into);
    const ms = now() - started;
    noFaster = ms < FASTER * fastest ? 0 : noFaster + 1;
    fastest = Math.min(fastest, ms);
  } while (!isEnough(noFaster));
  return fastest;
}

/** `compiled/cpu (1 thread)` */
function titleOf({ name, threads }: Candidate): string {
  return threads === undefined ? name : `${name} (${threads} ${threads === 1 ? 'thread' : 'threads'})`;
}

/** `compiled/cpu (1 thread): 11.9 ms a shard; eager/wasm 148 ms; agrees with the reference to 3e-7; ...` */
function explain(candidate: Candidate, tried: readonly Tried[], options: ChooseOptions): string {
  const chosen = candidate.name;
  const ms = (value: number) => `${value.toPrecision(3)} ms`;
  /** Of one that has not as many as the chosen: its time says little beside the other's. */
  const inLanes = (name: string) => {
    const lanes = lanesOf(name, options);
    if (lanes === lanesOf(chosen, options)) return '';
    return lanes === 1 ? ' in its only lane' : ` in each of ${lanes} lanes`;
  };
  const { shardMs, distance } = tried.find(({ name }) => name === chosen)!;
  const slower = tried.flatMap(({ name, shardMs }) =>
    name !== chosen && shardMs ? [`${name} ${ms(shardMs)}${inLanes(name)}`] : [],
  );
  const refused = tried.flatMap(({ name, refused }) =>
    refused && !NOT_INSTALLED.test(refused) ? [`${name} not taken: ${refused}`] : [],
  );
  const agreement = `agrees with the reference to ${distance!.toExponential(0)}`;
  return [`${titleOf(candidate)}: ${ms(shardMs!)} a shard`, ...slower, agreement, ...refused].join('; ');
}
