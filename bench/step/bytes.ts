/**
 * What does a step send? One worker behind a proxy that counts what passes, and lets it pass at a line's speed: the same
 * run with gradients and weights in float32 and coded. Two lengths of a run, so that joining does not count.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { prepare } from '../../coordinator/prepare/prepare.js';
import { configure } from '../../coordinator/setup/configure.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import { frameworkStepMs, type StartWorker, startProcess } from '../overhead.js';
import type { Bench, BenchResult } from '../support/question.js';

const ENGINE = 'compiled/wasm';
const RUN = { model: 'mlp:512,256', batchSize: 128, shards: 8 } as const;
const MBIT = 10;
const MODES = [
  { exchange: 'f32', weights: 'f32' },
  { exchange: 'int8', weights: 'f32' },
  { exchange: 'int8', weights: 'bf16' },
  { exchange: 'int8', weights: 'delta8' },
  { exchange: 'int8', weights: 'delta4' },
] as const;

interface Passed {
  up: number;
  down: number;
}

export const bytes: Bench = {
  question: `how many bytes a parameter does a step send up and down, and how long does it take at ${MBIT} Mbit/s? (goal: at most 1.06 up with int8, 0.56 down with delta4; 4 with f32)`,
  async run({ quick, log }) {
    const results: BenchResult[] = [];
    const configuration = configure(RUN);
    const { description } = await prepare(configuration, configuration.model);
    const parameters = layoutOf(description.weights).moving;
    const [short, long] = quick ? [2, 12] : [5, 45];
    for (const mode of MODES) {
      const measure = async (steps: number, bitsPerSecond: number) => {
        const passed = { up: 0, down: 0 };
        const ms = await frameworkStepMs(
          { ...RUN, ...mode },
          ENGINE,
          steps,
          behindProxy(passed, bitsPerSecond),
        );
        return { ...passed, ms };
      };
      const [few, many] = [await measure(short, 1e12), await measure(long, 1e12)];
      const slow = await measure(short, MBIT * 1e6);
      const perParameter = (direction: keyof Passed) =>
        (many[direction] - few[direction]) / (long - short) / parameters;
      const [up, down] = [perParameter('up'), perParameter('down')];
      const name = `--exchange ${mode.exchange} --weights ${mode.weights}`;
      log(`  ${name}: ${up.toFixed(3)} bytes up, ${down.toFixed(3)} down; ${slow.ms.toFixed(0)} ms a step`);
      results.push({
        name: `${name}, ${RUN.model}`,
        ...{ parameters, bytesUp: up, bytesDown: down, stepMs: many.ms },
        [`stepMsAt${MBIT}Mbit`]: slow.ms,
      });
    }
    return results;
  },
};

/** A worker process whose every byte passes a proxy. */
const behindProxy =
  (passed: Passed, bitsPerSecond: number): StartWorker =>
  ({ door, url }, engine) => {
    const { hostname, port } = new URL(url);
    const sockets = new Set<Socket>();
    const proxy = createServer((worker) => {
      const coordinator = connect(Number(port), hostname);
      pass(worker, coordinator, bitsPerSecond, (count) => (passed.up += count));
      pass(coordinator, worker, bitsPerSecond, (count) => (passed.down += count));
      for (const socket of [worker, coordinator]) sockets.add(socket);
    });
    const started = once(proxy.listen(0, '127.0.0.1'), 'listening').then(() => {
      const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      return startProcess({ door, url: address }, engine);
    });
    return {
      ended: started.then(({ ended }) => ended),
      async stop() {
        await (await started).stop();
        for (const socket of sockets) socket.destroy();
        proxy.close();
      },
    };
  };

/** Hands on what comes, no sooner than a line of that speed would. */
function pass(from: Socket, to: Socket, bitsPerSecond: number, count: (bytes: number) => void): void {
  let free = 0;
  from.on('data', (bytes) => {
    count(bytes.length);
    const now = performance.now();
    free = Math.max(free, now) + (8000 * bytes.length) / bitsPerSecond;
    if (free - now < 1) return void to.write(bytes);
    from.pause();
    setTimeout(() => {
      to.write(bytes);
      from.resume();
    }, free - now);
  });
  from.on('end', () => to.end());
  for (const socket of [from, to]) socket.on('error', () => socket.destroy());
}
