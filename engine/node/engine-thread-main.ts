/** The thread behind `startEngineThread`: chooses an engine, then computes one call after the other. */
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { layoutOf } from '../../shared/numerics/layout.js';
import { chooseEngine } from '../choose.js';
import { trainingLocally } from '../lanes/rounds/local-trainer.js';
import { failure, type StartAnswer, serveEngine } from '../remote.js';
import { engineCandidates } from './candidates.js';
import type { EngineThreadOptions } from './engine-thread.js';
import { loadModule, sameModule } from './module/load-module.js';

const options = workerData as EngineThreadOptions;
let answer: StartAnswer;
try {
  const { module } = options.model;
  if (module) await loadModule(sameModule(module, options.modelFile, '--model-file'), '--model-file');
  const { engine, reason, tried } = await chooseEngine({
    ...options,
    layout: layoutOf(options.model.weights),
    candidates: engineCandidates(options, options.threads),
    now: () => performance.now(),
  });
  const { name, engineClass } = engine;
  parentPort!.on(
    'message',
    serveEngine(
      trainingLocally(engine, options),
      (answer, transfer) => parentPort!.postMessage(answer, transfer),
      () => setImmediate(),
      // Of a thread: the process goes on.
      () => process.exit(),
    ),
  );
  answer = { started: { name, engineClass, reason, tried } };
} catch (error) {
  answer = failure(error);
}
parentPort!.postMessage(answer);
