/** Ctrl-C and SIGTERM: the first one asks for a clean end, the second one ends at once. */
export function interruptions(second: () => void): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    const interrupted = () => {
      if (++count === 1) resolve();
      else second();
    };
    process.on('SIGINT', interrupted);
    process.on('SIGTERM', interrupted);
  });
}
