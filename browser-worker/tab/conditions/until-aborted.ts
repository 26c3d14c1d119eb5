/** Resolves when `begin` says so, or when the signal is aborted. `begin` returns what calls it off. */
export async function untilAborted(
  signal: AbortSignal,
  begin: (done: () => void) => () => void,
): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done);
      callOff();
      resolve();
    };
    const callOff = begin(done);
    signal.addEventListener('abort', done);
  });
}
