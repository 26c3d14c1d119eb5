/** The thread behind `startEngineThread`: chooses an engine, then computes one call after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { layoutOf } from '../../shared/layout.js';
import { messageOf, UserError } from '../../shared/user-error.js';
import { chooseEngine } from '../engine/choose.js';
import { NodeComputer } from '../engine/compute-node.js';
import type { Engine } from '../engine/engine.js';
import type {
  EngineAnswer,
  EngineCall,
  EngineRequest,
  EngineThreadOptions,
  Failure,
  StartAnswer,
} from './engine-thread.js';
import { engineCandidates } from './engines.js';

const failure = (error: unknown): Failure => ({
  error: { message: messageOf(error), exitCode: error instanceof UserError ? error.exitCode : undefined },
});

function serve(engine: Engine): void {
  const computer = new NodeComputer(engine);
  const perform = (call: EngineCall): Promise<unknown> => {
    switch (call.call) {
      case 'setWeights':
        return engine.setWeights(call.weights);
      case 'computeNode':
        return computer.compute(call.shards, call.into);
      case 'evaluate':
        return engine.evaluate(call.batch);
    }
  };
  // One after the other: an engine computes one thing at a time.
  let last: Promise<unknown> = Promise.resolve();
  parentPort!.on('message', (request: EngineRequest) => {
    last = last.then(async () => {
      const answer = await perform(request).then((result) => ({ result }), failure);
      parentPort!.postMessage({ id: request.id, ...answer } satisfies EngineAnswer);
    });
  });
}

const options = workerData as EngineThreadOptions;
let answer: StartAnswer;
try {
  const { engine, reason, tried } = await chooseEngine({
    ...options,
    layout: layoutOf(options.model.weights),
    candidates: engineCandidates(options),
    now: () => performance.now(),
  });
  const { name, engineClass } = engine;
  serve(engine);
  answer = { started: { name, engineClass, reason, tried } };
} catch (error) {
  answer = failure(error);
}
parentPort!.postMessage(answer);
