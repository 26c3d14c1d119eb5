/** Every engine of this machine on one model: as a worker would try them, and the slow ones too. */
import { configure, shardSamplesOf } from '../coordinator/configure.js';
import { openData } from '../coordinator/data/sources.js';
import { buildModel } from '../coordinator/model/build-model.js';
import { headOf } from '../coordinator/model/reference.js';
import type { GivenCoordinatorOptions } from '../shared/options.js';
import type { Tried } from '../worker/engine/choose.js';
import { startEngineThread } from '../worker/node/engine-thread.js';

export interface EnginesResult {
  data: string;
  model: string;
  shardSamples: number;
  /** The one that a worker would take. */
  chosen: string;
  engines: Tried[];
}

/** @throws UserError for data or a model that cannot be used, or if no engine works */
export async function tryEngines(given: GivenCoordinatorOptions): Promise<EnginesResult> {
  const configuration = configure(given);
  const shardSamples = shardSamplesOf(configuration);
  const data = await openData(configuration.data);
  const { description, probe, program } = await buildModel({
    model: configuration.model,
    data: headOf(data),
    loss: configuration.loss,
    seed: configuration.seed,
    run: { ...configuration, shardSamples },
  });
  const thread = await startEngineThread({
    model: description,
    manifest: data,
    probe,
    program,
    shardSamples,
    wanted: 'auto',
    tryAll: true,
  });
  await thread.close();
  const { data: name, model } = configuration;
  return { data: name, model, shardSamples, chosen: thread.name, engines: [...thread.tried] };
}
