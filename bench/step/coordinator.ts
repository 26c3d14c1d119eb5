/** The coordinator process of the step-time bench: TRANSPORT PARAMETERS WORKERS STEPS. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { monotonicClock } from '../../shared/clock.js';
import { createKernels } from '../../shared/numerics/update/kernels/create.js';
import { createOptimizer } from '../../shared/numerics/update/optimizers/optimizers.js';
import { testRun } from '../../test/support/simulation/test-run.js';
import { BATCH, layoutFor } from '../support/idle-model.js';
import { serveCore } from '../support/serve-core.js';
import { median } from '../support/statistics.js';

export interface CoordinatorReport {
  /** The median. */
  stepMs: number;
  /** Processor time of this process, a step. */
  cpuMs: number;
  /** Most memory that the process has had: resident, megabytes. */
  peakMb: number;
  /** Contributions of a step, on average. */
  uploads: number;
}

const [transport, ...numbers] = process.argv.slice(2);
const [parameters, workers, steps] = numbers.map(Number) as [number, number, number];
const layout = layoutFor(parameters);
const optimizer = createOptimizer({ name: 'sgd', momentum: 0.9 });
const WARM_UP = 3;

/** When each step was over, in milliseconds. */
const ends: number[] = [];
let uploads = 0;
let cpuBefore = process.cpuUsage();
await (transport === 'chunks' ? chunked() : whole());
const { user, system } = process.cpuUsage(cpuBefore);
const counted = ends.slice(WARM_UP - 1);
const stepMs = median(counted.slice(1).map((end, at) => end - counted[at]!));
const cpuMs = (user + system) / 1000 / steps;
const report: CoordinatorReport = { stepMs, cpuMs, peakMb: peakMb(), uploads: uploads / (WARM_UP + steps) };
process.send!({ report });

function stepEnded(): void {
  if (ends.push(performance.now()) !== WARM_UP) return;
  cpuBefore = process.cpuUsage();
  process.send!({ warm: true });
}

/** The product's own pipeline, swarm and server. */
async function chunked(): Promise<void> {
  const all = WARM_UP + steps;
  const { core, run } = testRun({
    // A planner of nodes gives all of a step to one worker where computing costs less than an upload.
    ...{ layout, optimizer, steps: all, batchSize: BATCH, records: BATCH * all, shards: 'auto' },
    ...{ minWorkers: workers, deadAfterMs: 60_000, clock: monotonicClock, timers: true },
    record: { step: stepEnded, contribution: () => uploads++ },
  });
  process.send!({ url: await serveCore(core) });
  await run();
}

/** One message per gradient, one per weights: sums and updates by the same kernels. */
async function whole(): Promise<void> {
  const kernels = createKernels({ capacityFloats: (workers + 5) * (layout.total + 16) });
  let [weights, next] = [kernels.allocate(layout.total), kernels.allocate(layout.total)];
  const momentum = kernels.allocate(layout.total);
  const gradients = Array.from({ length: workers }, () => kernels.allocate(layout.total));
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    perMessageDeflate: false,
    maxPayload: 2 ** 30,
  });
  const sockets: WebSocket[] = [];
  await once(server, 'listening');
  let arrived = 0;
  let done!: () => void;
  server.on('connection', (socket) => {
    const rank = sockets.push(socket) - 1;
    if (sockets.length === workers) done();
    socket.on('message', (data) => {
      const bytes = data as Buffer;
      const gradient = gradients[rank]!;
      new Uint8Array(gradient.buffer, gradient.byteOffset, gradient.byteLength).set(bytes);
      if (++arrived === workers) done();
    });
  });
  const until = () => new Promise<void>((resolve) => (done = resolve));
  const connected = until();
  process.send!({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` });
  await connected;
  for (let step = 0; step < WARM_UP + steps; step++) {
    arrived = 0;
    const all = until();
    const bytes = Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength);
    for (const socket of sockets) socket.send(bytes);
    await all;
    uploads += workers;
    const [sum, ...others] = gradients;
    for (const other of others) kernels.add(sum!, other);
    kernels.divide(sum!, BATCH);
    optimizer.update(
      kernels,
      { weights, next, gradient: sum!, slots: [momentum] },
      { learningRate: 0.01, t: step + 1 },
    );
    [weights, next] = [next, weights];
    stepEnded();
  }
}

/** The kernel's own high-water mark where there is one, else what is resident now. */
function peakMb(): number {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))!;
    return (1024 * Number(kilobytes)) / 1e6;
  } catch {
    return process.memoryUsage.rss() / 1e6;
  }
}
