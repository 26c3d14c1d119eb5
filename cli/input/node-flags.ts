/**
 * Node's flag for a garbage collector without helper threads: on machines whose processors all compute, the collector's
 * helpers wait for them, and so does every thread that waits for the collector. With two workers of one thread on two
 * processors a step of `cnn` took 29 ms in place of 35. Can only be given when a process starts.
 */
export const SINGLE_THREADED_GC = '--single-threaded-gc';
