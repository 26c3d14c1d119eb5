"""One training step (forward, loss, backward) of a model of the zoo in PyTorch, each time a line comes in;
answers with the milliseconds that it took. Usage: engine.py MODEL SHAPE CLASSES BATCH THREADS KIND, where SHAPE is
comma-separated and KIND is images or tokens. Records are bytes, as swarmgrad's are, and scaled within the step."""

import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[1] / "test/references/pytorch"))
from models import build  # noqa: E402

spec, shape, classes, batch, threads, kind = sys.argv[1:]
shape, classes, batch = [int(n) for n in shape.split(",")], int(classes), int(batch)
torch.set_num_threads(int(threads))
torch.manual_seed(1)
model = build(spec, shape, classes)
if kind == "images":
    x = torch.randint(256, (batch, *shape), dtype=torch.uint8)
    y = torch.randint(classes, (batch,))
else:
    x = torch.randint(classes, (batch, *shape), dtype=torch.uint8)
    y = torch.randint(classes, (batch, *shape))

print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    values = (x.float() / 255 - 0.5) / 0.25 if kind == "images" else x
    output = model(values)
    loss = F.cross_entropy(output.reshape(-1, classes), y.reshape(-1), reduction="sum")
    model.zero_grad(set_to_none=True)
    loss.backward()
    print(1000 * (time.perf_counter() - start), flush=True)
