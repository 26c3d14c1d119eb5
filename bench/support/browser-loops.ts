/** Runs in a worker of a browser: an engine's bare loop, and the same step by plain TF.js. */
import { engineCandidates } from '../../browser-worker/compute/engines.js';
import { findGpu, findWebGl } from '../../browser-worker/compute/gpu.js';
import { tf } from '../../browser-worker/compute/tensorflow.js';
import { wasmPaths } from '../../browser-worker/compute/wasm/paths.js';
import { NodeComputer } from '../../engine/compute-node.js';
import type { Batch } from '../../engine/engine.js';
import type { Manifest } from '../../shared/data/manifest.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import { ECHO_PATH, type Loop, type LoopAnswer } from './loop.js';

async function timed({ warmUp, steps }: Loop, step: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < warmUp; i++) await step();
  const started = performance.now();
  for (let i = 0; i < steps; i++) await step();
  return (performance.now() - started) / steps;
}

/** Bytes that are no picture, but as large as one. */
function batchOf({ x, label }: Manifest, count: number): Batch {
  const classes = label.kind === 'class' ? label.classes : 2;
  const elements = count * x.shape.reduce((product, size) => product * size, 1);
  return {
    count,
    x: Uint8Array.from({ length: elements }, (_, i) => (i * 37) % 256),
    y: Uint8Array.from({ length: count }, (_, i) => i % classes),
  };
}

async function bare(loop: Loop): Promise<number> {
  const { engine: name, subject, shards } = loop;
  const gpu = await findGpu();
  const webGl = findWebGl();
  const candidates = engineCandidates({
    subject,
    withGpu: true,
    coordinator: location.origin,
    gpu,
    webGl,
    lost: () => undefined,
  });
  const engine = await candidates.find((candidate) => candidate.name === name)!.start();
  const { total } = layoutOf(subject.model.weights);
  const [weights, sum] = [new Float32Array(total).fill(0.01), new Float32Array(total)];
  const computer = new NodeComputer(engine);
  const batches = shards.map((count, seed) => ({ batch: batchOf(subject.manifest, count), seed }));
  return timed(loop, async () => {
    await engine.setWeights(weights);
    await computer.compute(batches, sum);
  });
}

async function plain(loop: Loop, backend: string): Promise<number> {
  const { subject, shards } = loop;
  if (backend === 'wasm') {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(wasmPaths);
    // With them it would wait for ever for workers that our policy forbids.
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  } else await import('@tensorflow/tfjs-backend-webgl');
  if (!(await tf.setBackend(backend))) throw new Error(`TF.js cannot start ${backend}`);
  await tf.ready();
  const model = await tf.models.modelFromJSON(subject.model.topology as never);
  model.compile({ optimizer: 'adam', loss: subject.model.loss });
  const { count, x, y } = batchOf(
    subject.manifest,
    shards.reduce((sum, samples) => sum + samples, 0),
  );
  const outputs = model.outputs[0]!.shape.at(-1)!;
  return timed(loop, async () => {
    const [inputs, targets] = tf.tidy(() => [
      tf.tensor(Float32Array.from(x), [count, ...subject.manifest.x.shape]).div(255),
      tf.oneHot(tf.tensor1d(Int32Array.from(y), 'int32'), outputs).toFloat(),
    ]);
    await model.trainOnBatch(inputs!, targets!);
    tf.dispose([inputs, targets]);
  });
}

/** A step's bytes and nothing else: a gradient up, weights down, in frames as large as a run's. */
async function exchange(loop: Loop): Promise<number> {
  const layout = layoutOf(loop.subject.model.weights);
  const values = new Float32Array(layout.total).fill(0.01);
  const frames = layout.mapChunks((chunk) => {
    const { start, end } = layout.range(chunk);
    return values.subarray(start, end);
  });
  const socket = new WebSocket(`ws://${location.host}${ECHO_PATH}`);
  socket.binaryType = 'arraybuffer';
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  let [missing, done] = [0, () => {}];
  socket.addEventListener('message', ({ data }) => {
    missing -= data.byteLength;
    if (missing === 0) done();
  });
  try {
    return await timed(loop, async () => {
      missing = values.byteLength;
      const whole = new Promise<void>((resolve) => {
        done = resolve;
      });
      for (const frame of frames) socket.send(frame);
      await whole;
    });
  } finally {
    socket.close();
  }
}

addEventListener('message', ({ data }) => {
  const loop = data as Loop;
  const [kind, backend] = loop.engine.split('/') as [string, string];
  const ran = kind === 'plain' ? plain(loop, backend) : kind === 'exchange' ? exchange(loop) : bare(loop);
  ran.then(
    (ms) => postMessage({ ms } satisfies LoopAnswer),
    (error) => postMessage({ refused: String(error?.message ?? error).slice(0, 200) } satisfies LoopAnswer),
  );
});
