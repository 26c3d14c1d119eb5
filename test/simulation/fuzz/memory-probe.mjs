/** Loaded before a program (`node --expose-gc --import`): on SIGUSR2 it collects garbage and tells what is left. */
import { isMainThread } from 'node:worker_threads';

let times = 0;
if (isMainThread) {
  process.on('SIGUSR2', async () => {
    // Once more for what the first leaves to finalizers.
    for (let again = 0; again < 3; again++) {
      globalThis.gc();
      await new Promise(setImmediate);
    }
    const { heapUsed, external, rss } = process.memoryUsage();
    console.error(`memory ${++times} ${JSON.stringify({ used: heapUsed + external, rss })}`);
  });
}
