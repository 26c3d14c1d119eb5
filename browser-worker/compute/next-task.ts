/**
 * Resolves in a task of its own, after the messages that have come until now. By a message: timers that follow
 * each other are slowed down to 4 ms, and `scheduler.yield` goes before other tasks.
 */
const { port1, port2 } = new MessageChannel();
port1.start();

export const nextTask = (): Promise<void> =>
  new Promise((resolve) => {
    port1.addEventListener('message', () => resolve(), { once: true });
    port2.postMessage(undefined);
  });
