/** A pipeline with its kernels, for tests: steps are opened and contributions added in few words. */
import { StepLedger } from '../../../coordinator/scheduling/leases/ledger.js';
import { capacityFor } from '../../../coordinator/update/capacity.js';
import { Pipeline } from '../../../coordinator/update/pipeline.js';
import type { UpdateRule } from '../../../coordinator/update/rule/update-rule.js';
import type { WeightsCoding } from '../../../shared/numerics/codec/weights/codings.js';
import { createWeightsCode } from '../../../shared/numerics/codec/weights/weights-code.js';
import { type Node, ROOT, shardBounds } from '../../../shared/numerics/tree.js';
import { createKernels } from '../../../shared/numerics/update/kernels/create.js';
import type { Kernels } from '../../../shared/numerics/update/kernels/kernels.js';
import { createOptimizer } from '../../../shared/numerics/update/optimizers/optimizers.js';
import { SMALL } from './contributions.js';

export const sgd = createOptimizer({ name: 'sgd' });
const RULE: UpdateRule = { optimizer: sgd, clipNorm: 0, clipValue: 0, averageDecay: 0 };

export function setup(
  change: Partial<UpdateRule> = {},
  layout = SMALL,
  shards = 4,
  kind: Kernels['kind'] = 'wasm',
  coding?: WeightsCoding,
) {
  const rule = { ...RULE, ...change };
  const kernels = createKernels({
    capacityFloats: capacityFor(layout, rule, shards, coding !== undefined),
    kind,
  });
  const initial = Float32Array.from({ length: layout.total }, (_, i) => Math.sin(i + 1));
  let progress = 0;
  let ledger: StepLedger;
  const code = createWeightsCode(coding, layout);
  const pipeline = new Pipeline(layout, kernels, rule, initial, () => progress++, undefined, code);
  return {
    pipeline,
    initial,
    layout,
    progress: () => progress,
    begin(samples: number, learningRate = 0.1) {
      const bounds = shardBounds(samples, shards);
      ledger = new StepLedger(pipeline.weights.version, bounds, layout.chunks);
      pipeline.begin((node) => ledger.samples(node), learningRate);
    },
    add(node: Node, chunk: number, whole: Float32Array) {
      const { start, end } = layout.range(chunk);
      const body = new Uint8Array(whole.slice(start, end).buffer);
      const counts = ledger.coverage(node, chunk) === 'counted';
      return pipeline.add(node, chunk, body, counts) ? ledger.accept(node, chunk) : 'notFinite';
    },
  };
}

/** One step in which one worker computed all. */
export function stepOnce(
  made: ReturnType<typeof setup>,
  gradient: Float32Array,
  samples = 4,
  learningRate = 0.1,
) {
  made.begin(samples, learningRate);
  made.add(ROOT, 0, gradient);
  return made.pipeline.end();
}
