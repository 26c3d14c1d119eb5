"""One training step of a model of the zoo in PyTorch, each time a line comes in: forward, loss (a sum, as ours),
backward, until every parameter has its gradient; no optimizer. Answers with the milliseconds that it took, by the
clock and of processor time. Usage: engine.py MODEL SHAPE CLASSES BATCH THREADS KIND FORMAT DEVICE; SHAPE is
comma-separated, KIND is images or tokens. DEVICE is cpu, or cuda: then a step begins with records in the machine's
memory and ends with the gradients there, as ours does. Records are bytes, as swarmgrad's are, and scaled within the step.

FORMAT says how images lie: contiguous (batch, channels, height, width: PyTorch's default) or channels_last."""

import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[2] / "test/learning/references/pytorch"))
from models import build  # noqa: E402

spec, shape, classes, batch, threads, kind, memory_format, device = sys.argv[1:]
shape, classes, batch = [int(n) for n in shape.split(",")], int(classes), int(batch)
torch.set_num_threads(int(threads))
torch.manual_seed(1)
model = build(spec, shape, classes).to(device)
if kind == "images":
    x = torch.randint(256, (batch, *shape), dtype=torch.uint8)
    y = torch.randint(classes, (batch,))
else:
    x = torch.randint(classes, (batch, *shape), dtype=torch.uint8)
    y = torch.randint(classes, (batch, *shape))

if memory_format == "channels_last":
    model.to(memory_format=torch.channels_last)
elif len(shape) == 3:
    # The models take channels last and turn them: a tensor that lies channels first is contiguous after that.
    x = x.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)
    # And they flatten as ours do, which here would cost a copy that nobody who writes PyTorch pays.
    model.flatten_order = (0, 1, 2, 3)

print("ready", flush=True)
for _ in sys.stdin:
    start, processor_start = time.perf_counter(), time.process_time()
    records = x.to(device)
    values = (records.float() / 255 - 0.5) / 0.25 if kind == "images" else records
    output = model(values)
    loss = F.cross_entropy(output.reshape(-1, classes), y.to(device).reshape(-1), reduction="sum")
    model.zero_grad(set_to_none=True)
    loss.backward()
    if device != "cpu":
        gradients = torch.cat([p.grad.reshape(-1) for p in model.parameters() if p.grad is not None]).cpu()
    print(
        1000 * (time.perf_counter() - start),
        1000 * (time.process_time() - processor_start),
        flush=True,
    )
