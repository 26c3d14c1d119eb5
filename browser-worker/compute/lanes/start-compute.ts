/**
 * Starts what a tab computes with. An engine on the processor gets as many compute workers as its owner gives cores:
 * the lanes of `engine/lanes/`. One on a GPU serves the tab alone, and is watched by `guarded-compute.ts`.
 */
import type { Compute } from '../../../engine/compute.js';
import { LONGEST_REPLICA_MS } from '../../../engine/lanes/deadline.js';
import { LanePool } from '../../../engine/lanes/lane-pool.js';
import { lanesFor } from '../../../engine/lanes/lanes-for.js';
import { ENGINE_NAMES, isOfGpu } from '../../../shared/engines/engines.js';
import { runLayout } from '../../../shared/numerics/rounds/round-layout.js';
import { UserError } from '../../../shared/user-error.js';
import type { ComputeSubject } from '../../../worker/data/material.js';
import type { ComputeStart } from '../compute-worker.js';
import { engineNamed } from '../engine-names.js';
import { allocate, type Begun, begin, beginAlone, onlyOf, type WatchOptions } from './begin.js';
import { FAILURES_ALLOWED, GuardedCompute } from './guarded-compute.js';
import { EngineLostError } from './remote-engine.js';
import { TabLane } from './tab-lane.js';

/** Of a lane, beside its weights: the engine's program, and the values between the layers of a usual model. */
const LANE_BYTES = 256 << 20;

export interface TabComputeOptions extends WatchOptions {
  /** Cores that its owner allows. */
  cores: number;
  /** Bytes of memory that this tab's engines may take. */
  memoryBytes: number;
  /** The coordinator's address. */
  coordinator: string;
}

/** @throws UserError if this device has no engine for the model, or not the wanted one */
export async function startTabCompute(
  subject: ComputeSubject,
  wanted: string,
  options: TabComputeOptions,
): Promise<Compute> {
  const { failures, told, cores, coordinator } = options;
  for (;;) {
    const withGpu = failures.gpu < FAILURES_ALLOWED;
    const isGpu = isOfGpu(engineNamed(wanted, ENGINE_NAMES));
    const start = {
      subject,
      wanted: isGpu && !withGpu ? 'auto' : wanted,
      withGpu,
      coordinator,
      lanes: cores,
    };
    try {
      const begun = await beginAlone(start, options);
      const { name } = begun.started;
      return isOfGpu(name)
        ? new GuardedCompute(begun, onlyOf(start, name), options)
        : lanesOf(begun, start, options);
    } catch (error) {
      if (!(error instanceof EngineLostError)) throw error;
      if (!withGpu) throw new UserError(`this device cannot compute this model: ${error.message}`);
      failures.gpu = FAILURES_ALLOWED;
      told(`The engine was lost and started again: ${error.message}.`);
    }
  }
}

function lanesOf(begun: Begun, start: ComputeStart, options: TabComputeOptions): LanePool {
  const { cores, memoryBytes, time, now, told } = options;
  const { name } = begun.started;
  const log = (line: string) => told(`${line.charAt(0).toUpperCase()}${line.slice(1)}.`);
  const count = lanesFor(name, {
    wanted: cores,
    // Each has the weights for itself, and values on their way up the tree take two vectors more.
    needed: LANE_BYTES + 3 * 4 * runLayout(start.subject.model.weights, start.subject.local).total,
    available: memoryBytes,
    unit: 'core',
    log,
  });
  return new LanePool({
    engine: begun.started,
    first: new TabLane(begun, options),
    count,
    start: async () => new TabLane(await begin(onlyOf(start, name), options), options),
    allocate: (elements) => allocate(elements, options),
    unit: 'core',
    firstDeadlineMs: start.subject.local && LONGEST_REPLICA_MS,
    time,
    now,
    log,
  });
}
