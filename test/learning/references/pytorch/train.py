"""Trains a model of models.py as swarmgrad would, on data and initial weights from a folder that
references.ts wrote, and prints one JSON line a step or an epoch. Usage: train.py FOLDER.

setup.json: model, shape, labelShape, classes, normalisation, xType, yType, batchSize, optimizer, lr,
ranks (processes of DistributedDataParallel over gloo, one thread each), seed,
order ("given": order.bin has the indices of all steps in turn; "shuffled": a new permutation each epoch),
steps or epochs, target (test accuracy at which to stop), weights ([{name, shape}] of weights.bin).
"""

import json
import os
import sys
import time
import warnings

import numpy as np
import torch
from torch import distributed
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from models import build, load

EVALUATION_BATCH = 256

# Images of one channel lie alike in both memory formats; PyTorch remarks on the 288 weights that see them.
warnings.filterwarnings("ignore", message="Grad strides do not match")


class Records:
    def __init__(self, folder, split, setup):
        read = lambda part, kind: torch.from_numpy(np.fromfile(f"{folder}/{split}.{part}", dtype=setup[kind]))
        self.y = read("y", "yType").view(-1, *setup["labelShape"])
        self.x = read("x", "xType").view(-1, *setup["shape"])
        self.scale = setup["normalisation"]["scale"]
        self.mean, self.std = (torch.tensor(setup["normalisation"][key]) for key in ("mean", "std"))

    def batch(self, indices):
        x = self.x[indices].float()
        return (x * self.scale - self.mean) / self.std, self.y[indices].long()


def sums(output, y):
    """Loss and right predictions, summed over samples; means over positions within a sample."""
    flat, target = output.reshape(-1, output.shape[-1]), y.reshape(-1)
    positions = target.numel() / y.shape[0]
    right = (flat.argmax(1) == target).sum()
    return F.cross_entropy(flat, target, reduction="sum") / positions, right / positions


@torch.no_grad()
def evaluate(model, test):
    model.eval()
    loss = right = 0.0
    for indices in torch.arange(len(test.y)).split(EVALUATION_BATCH):
        x, y = test.batch(indices)
        part = sums(model(x), y)
        loss, right = loss + part[0].item(), right + part[1].item()
    model.train()
    return {"loss": loss / len(test.y), "accuracy": right / len(test.y)}


def optimizer_of(setup, parameters):
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    if setup["optimizer"] == "sgd":
        return torch.optim.SGD(trained, lr=setup["lr"], momentum=0.9)
    if setup["optimizer"] == "adam":
        return torch.optim.Adam(trained, lr=setup["lr"])
    raise SystemExit(f"no reference for --optimizer {setup['optimizer']}: give sgd or adam, or add it to optimizer_of")


def epochs_of(setup, records, folder):
    """The order of each epoch's samples, as far as the run goes."""
    if setup["order"] == "given":
        order = torch.from_numpy(np.fromfile(f"{folder}/order.bin", dtype=np.uint32).astype(np.int64))
        yield from order.split(records)
        return
    generator = torch.Generator().manual_seed(setup["seed"])
    for _ in range(setup["epochs"]):
        yield torch.randperm(records, generator=generator)


def train(rank, folder, setup):
    ranks = setup["ranks"]
    torch.set_num_threads(1)
    if ranks > 1:
        store = f"file://{folder}/rendezvous"
        distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=ranks)
    model = build(setup["model"], setup["shape"], setup["classes"])
    load(model, read_weights(folder, setup["weights"]))
    train_set, test_set = Records(folder, "train", setup), Records(folder, "test", setup)
    wrapped = DistributedDataParallel(model) if ranks > 1 else model
    optimizer = optimizer_of(setup, model.parameters())
    tell = (lambda **line: print(json.dumps(line), flush=True)) if rank == 0 else (lambda **line: None)
    tell(type="ready", torch=torch.__version__, parallel=torch.__config__.parallel_info().split("\n")[0])

    started, step = time.perf_counter(), 0
    for epoch, order in enumerate(epochs_of(setup, len(train_set.y), folder), 1):
        for batch in order.split(setup["batchSize"]):
            # Each process takes its part of the global batch; gradients are averaged over processes.
            x, y = train_set.batch(batch.tensor_split(ranks)[rank])
            loss, _ = sums(wrapped(x), y)
            optimizer.zero_grad(set_to_none=True)
            (loss * (ranks / len(batch))).backward()
            optimizer.step()
            if setup["order"] == "given":
                tell(type="step", step=step, loss=loss.item() / len(batch))
            step += 1
        if setup["order"] == "given":
            continue
        # Everyone evaluates its part, as the workers of a swarm do.
        scores = evaluate_together(model, test_set, rank, ranks)
        tell(type="epoch", epoch=epoch, step=step, seconds=time.perf_counter() - started, **scores)
        if scores["accuracy"] >= setup.get("target", 2):
            break
    if ranks > 1:
        distributed.destroy_process_group()


def evaluate_together(model, test, rank, ranks):
    part = object.__new__(Records)
    part.__dict__.update(test.__dict__)
    part.x, part.y = test.x.tensor_split(ranks)[rank], test.y.tensor_split(ranks)[rank]
    own = evaluate(model, part)
    totals = torch.tensor([own["loss"], own["accuracy"], 1.0], dtype=torch.float64) * len(part.y)
    if ranks > 1:
        distributed.all_reduce(totals)
    return {"loss": (totals[0] / totals[2]).item(), "accuracy": (totals[1] / totals[2]).item()}


def read_weights(folder, specs):
    flat, weights, at = np.fromfile(f"{folder}/weights.bin", dtype=np.float32), {}, 0
    for spec in specs:
        size = int(np.prod(spec["shape"]))
        weights[spec["name"]] = flat[at : at + size].reshape(spec["shape"])
        at += size
    return weights


if __name__ == "__main__":
    folder = sys.argv[1]
    with open(f"{folder}/setup.json") as file:
        setup = json.load(file)
    if setup["ranks"] == 1:
        train(0, folder, setup)
    else:
        os.environ["OMP_NUM_THREADS"] = "1"
        torch.multiprocessing.spawn(train, (folder, setup), nprocs=setup["ranks"])
