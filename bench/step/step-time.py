"""The exchange of PyTorch's gloo, for bench/step/step-time.ts: RANKS processes of one thread each, no computing.

step-time.py WAY PARAMETERS RANKS STEPS, where WAY is
  allreduce  all ranks sum their gradients, and each updates its own weights
  broadcast  rank 0 gets the sum, updates the weights, and sends them to all
Prints one JSON object: the median of a step in milliseconds, and the processor time of a step in all ranks.
"""
import json
import resource
import statistics
import sys
import tempfile
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

WARM_UP = 3


def main(rank, way, parameters, ranks, steps, store, results):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=ranks)
    weights = torch.nn.Parameter(torch.zeros(parameters))
    weights.grad = torch.full((parameters,), 1e-3)
    optimizer = torch.optim.SGD([weights], lr=0.01, momentum=0.9)

    def step():
        if way == "allreduce":
            dist.all_reduce(weights.grad)
            weights.grad /= ranks
            optimizer.step()
            return
        dist.reduce(weights.grad, 0)
        if rank == 0:
            weights.grad /= ranks
            optimizer.step()
        dist.broadcast(weights.data, 0)

    for _ in range(WARM_UP):
        step()
    dist.barrier()
    before = cpu()
    times = []
    for _ in range(steps):
        began = time.perf_counter()
        step()
        times.append(1000 * (time.perf_counter() - began))
    results.put((rank, statistics.median(times), (cpu() - before) / steps))
    dist.barrier()
    dist.destroy_process_group()


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return 1000 * (usage.ru_utime + usage.ru_stime)


if __name__ == "__main__":
    way, *numbers = sys.argv[1:]
    parameters, ranks, steps = map(int, numbers)
    with tempfile.TemporaryDirectory() as folder:
        results = mp.get_context("spawn").SimpleQueue()
        mp.spawn(main, (way, parameters, ranks, steps, f"{folder}/store", results), nprocs=ranks)
        told = sorted(results.get() for _ in range(ranks))
    print(json.dumps({"stepMs": told[0][1], "cpuMs": sum(cpu_ms for _, _, cpu_ms in told)}))
