/** The worker that owns the engine: chooses one, then computes one call after the other. It knows no sockets. */
import { chooseEngine } from '../../engine/choose.js';
import { trainingLocally } from '../../engine/lanes/rounds/local-trainer.js';
import {
  type EngineAnswer,
  type EngineRequest,
  failure,
  type StartAnswer,
  serveEngine,
} from '../../engine/remote.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import type { ComputeSubject } from '../../worker/data/material.js';
import { scope } from '../worker-scope.js';
import { engineNamed } from './engine-names.js';
import { engineCandidates } from './engines.js';
import { findGpu, findWebGl } from './gpu.js';
import { nextTask } from './next-task.js';

/** The first message to the worker. */
export interface ComputeStart {
  /** If the probe is absent, the first engine that starts is used. */
  subject: Omit<ComputeSubject, 'probe'> & Partial<Pick<ComputeSubject, 'probe'>>;
  /** `auto` or the name of an engine. */
  wanted: string;
  withGpu: boolean;
  /** The coordinator's address, from which engines come where this script lies elsewhere. */
  coordinator: string;
  /** Lanes that the tab wants: engines are compared by what so many of each do. */
  lanes?: number;
}

/** What the worker says, beside its answers: its engine is gone. */
export interface ComputeLost {
  lost: string;
}

export type ComputeSays = StartAnswer | EngineAnswer | ComputeLost;

const say = (message: ComputeSays, transfer: ArrayBuffer[] = []) => scope.postMessage(message, transfer);

async function start({
  subject,
  wanted,
  withGpu,
  coordinator,
  lanes,
}: ComputeStart): Promise<(request: EngineRequest) => void> {
  const gpu = withGpu ? await findGpu() : undefined;
  const webGl = withGpu ? findWebGl() : undefined;
  const candidates = engineCandidates({
    ...{ subject, withGpu, coordinator, gpu, webGl },
    lost: (why) => say({ lost: why }),
  });
  const { engine, reason, tried } = await chooseEngine({
    ...subject,
    wanted: engineNamed(
      wanted,
      candidates.map(({ name }) => name),
    ),
    candidates,
    lanes,
    layout: layoutOf(subject.model.weights),
    now: () => performance.now(),
  });
  const { name, engineClass } = engine;
  say({ started: { name, engineClass, reason, tried } });
  return serveEngine(trainingLocally(engine, subject), say, nextTask, () => scope.close());
}

let serve: ((request: EngineRequest) => void) | undefined;

scope.addEventListener('message', ({ data }) => {
  if (serve) return serve(data as EngineRequest);
  start(data as ComputeStart).then(
    (serving) => {
      serve = serving;
    },
    (error) => say(failure(error)),
  );
});
