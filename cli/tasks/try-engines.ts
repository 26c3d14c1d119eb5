/** Every engine of this machine on one model: as a worker would try them, and the slow ones too. */
import type { GivenCoordinatorOptions } from '../../coordinator/options/options.js';
import { openData, shownData } from '../../coordinator/prepare/data/sources/sources.js';
import { buildModel } from '../../coordinator/prepare/model/build-model.js';
import { moduleFile } from '../../coordinator/prepare/model/module/module-model.js';
import { headOf } from '../../coordinator/prepare/model/topology/reference.js';
import { shardSamplesOf } from '../../coordinator/prepare/prepare.js';
import { configure } from '../../coordinator/setup/configure.js';
import { batchOf } from '../../engine/admission.js';
import type { Tried } from '../../engine/choose.js';
import type { Batch } from '../../engine/engine.js';
import { type EngineThreadOptions, startEngineThread } from '../../engine/node/engine-thread.js';
import { startLanes } from '../../engine/node/start-lanes.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import { processors } from '../../worker/node/processors.js';

export interface EnginesResult {
  data: string;
  model: string;
  shardSamples: number;
  /** The one that a worker would take. */
  chosen: string;
  engines: Tried[];
  /** Samples a second of the chosen engine: in one lane, and in all that a worker alone on this machine has. */
  speed: { lanes: number; ofOne: number; ofAll: number };
}

/**
 * @param preparing hears what is being done, as it begins
 * @throws UserError for data or a model that cannot be used, or if no engine works
 */
export async function tryEngines(
  given: GivenCoordinatorOptions,
  preparing: (what: string) => void,
): Promise<EnginesResult> {
  const configuration = configure(given);
  const shardSamples = shardSamplesOf(configuration);
  preparing(`reading the data: ${shownData(configuration.data)}`);
  const data = await openData(configuration.data, { preparing });
  preparing(`building the model: ${configuration.model}`);
  const { description, probe, program } = await buildModel({
    model: configuration.model,
    data: headOf(data),
    loss: configuration.loss,
    seed: configuration.seed,
    run: { ...configuration, shardSamples },
  });
  const all = processors();
  preparing('trying each engine of this machine, some 3 s each');
  const modelFile = moduleFile(configuration.model);
  const thread = await startEngineThread({
    model: description,
    modelFile,
    manifest: data,
    probe,
    program,
    shardSamples,
    wanted: 'auto',
    lanes: all,
    tryAll: true,
  });
  await thread.close();
  const subject = {
    model: description,
    modelFile,
    manifest: data,
    program,
    shardSamples,
    wanted: thread.name,
  };
  const batch = batchOf(probe.cases[0]!, data, shardSamples);
  preparing(`timing ${thread.name} in one lane, and in ${all}`);
  const [one, every] = [await timeLanes(subject, 1, batch), await timeLanes(subject, all, batch)];
  const speed = { lanes: every.lanes, ofOne: one.speed, ofAll: every.speed };
  const { model } = configuration;
  return {
    data: shownData(configuration.data),
    model,
    shardSamples,
    chosen: thread.name,
    engines: [...thread.tried],
    speed,
  };
}

/** Enough nodes for the fastest of them to be undisturbed. */
const TIMING_MS = 1500;

/** So many lanes at work on nodes of two shards for each. @returns how many there were, and samples a second */
async function timeLanes(
  subject: EngineThreadOptions,
  wanted: number,
  batch: Batch,
): Promise<{ lanes: number; speed: number }> {
  const pool = await startLanes({ ...subject, lanes: wanted, log: (line) => console.error(line) });
  try {
    await pool.started;
    const { total } = layoutOf(subject.model.weights);
    const into = pool.allocate(total);
    await pool.setWeights(pool.allocate(total));
    const shards = Array.from({ length: 2 ** Math.ceil(Math.log2(2 * wanted)) }, (_, seed) => ({
      batch,
      seed,
    }));
    let least = Number.POSITIVE_INFINITY;
    const began = performance.now();
    // The first compiles and allocates.
    for (let node = 0; node < 3 || performance.now() - began < TIMING_MS; node++) {
      const started = performance.now();
      await pool.computeNode(shards, into);
      least = Math.min(least, performance.now() - started);
    }
    return { lanes: pool.lanes, speed: (shards.length * batch.count * 1000) / least };
  } finally {
    await pool.close();
  }
}
