/** A run under way as it is shown to those who watch it, and what admins can do to it. */
import { basename } from 'node:path';
import type { ModelDescription } from '../shared/models/description.js';
import { isOver } from '../shared/status.js';
import type { Conductor } from './conductor.js';
import type { Control } from './control.js';
import type { Core } from './core.js';
import type { Monitor } from './monitor/monitor.js';
import type { RunView } from './monitor/run-view.js';
import type { AdminActions } from './server/admin.js';

export interface WatchedParts {
  runDir: string;
  shards: number | 'auto';
  description: ModelDescription;
  core: Core;
  conductor: Conductor;
  control: Control;
  monitor: Monitor;
}

export function viewOf({ runDir, shards, description, core, conductor, monitor }: WatchedParts): RunView {
  const { topology, weights } = description;
  return {
    id: '0',
    name: basename(runDir),
    shards: String(shards),
    history: monitor.history,
    events: monitor.events,
    status: () => conductor.status(),
    timeline: () => monitor.timeline.view(),
    model: () => monitor.model(),
    network: () => ({ topology, weights }),
    weights: () => {
      const vector = core.pipeline.averaged ?? core.pipeline.weights;
      return { version: vector.version, values: vector.flat() };
    },
  };
}

export function actionsOf({ core, conductor, control }: WatchedParts): AdminActions {
  return {
    isOver: () => isOver(conductor.status().state),
    pause: () => control.request({ what: 'pause' }),
    resume: () => control.request({ what: 'resume' }),
    checkpoint: () => control.request({ what: 'checkpoint' }),
    learningRate: (learningRate) => control.request({ what: 'learning-rate', learningRate }),
    stop: () => conductor.stop(),
    removeWorker: (id) => core.swarm.remove(id),
  };
}
