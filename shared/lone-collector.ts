/**
 * Node's flag for a garbage collector without helper threads: on machines whose processors all compute, the collector's
 * helpers wait for them, and whoever waits for the collector waits too. With two workers of one thread on two
 * processors a step of `cnn` took 29 ms in place of 35. Can only be given when a process starts.
 */
export const LONE_COLLECTOR = '--single-threaded-gc';
