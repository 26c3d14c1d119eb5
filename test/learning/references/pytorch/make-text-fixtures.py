"""Writes ../fixtures/text-models.json: a tiny gpt and lstm in PyTorch, their initial weights, batches of
tokens, and the loss of 20 steps of plain gradient descent. Run by hand, never in CI:

    PATH/python test/references/pytorch/make-text-fixtures.py
"""

import json
import pathlib

import torch
from torch.nn import functional as F

from models import build, export

LENGTH, VOCABULARY, BATCH, STEPS, RATE = 8, 7, 4, 20, 0.1


def fixture(spec):
    torch.manual_seed(1)
    model = build(spec, [LENGTH], VOCABULARY)
    # Every weight at random, so that none can be in the wrong place unnoticed.
    with torch.no_grad():
        for name, tensor, _ in model.parts():
            tensor.copy_(torch.randn(tensor.shape) * 0.3 + (1.0 if name.endswith("gamma") else 0.0))
    weights = [
        {"name": name, "shape": list(values.shape), "values": values.ravel().tolist()}
        for name, values in export(model).items()
    ]
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=RATE)
    steps = []
    for _ in range(STEPS):
        text = torch.randint(VOCABULARY, (BATCH, LENGTH + 1))
        # Half of the sequences repeat themselves: there is something to learn.
        text[::2, 1::2] = text[::2, 0:-1:2]
        x, y = text[:, :-1], text[:, 1:]
        loss = F.cross_entropy(model(x).reshape(-1, VOCABULARY), y.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps.append({"x": x.flatten().tolist(), "y": y.flatten().tolist(), "loss": loss.item()})
    return {"model": spec, "weights": rounded(weights), "steps": steps}


def rounded(weights):
    """Float32 values in the fewest digits that give them back."""
    for weight in weights:
        weight["values"] = [float(f"{value:.9g}") for value in weight["values"]]
    return weights


fixtures = {
    "torch": torch.__version__,
    "length": LENGTH,
    "vocabulary": VOCABULARY,
    "batch": BATCH,
    "learningRate": RATE,
    "models": [fixture("gpt:2,8,2"), fixture("lstm:6,5")],
}
path = pathlib.Path(__file__).parent.parent / "fixtures" / "text-models.json"
path.parent.mkdir(exist_ok=True)
path.write_text(json.dumps(fixtures, separators=(",", ":")) + "\n")
print(path, path.stat().st_size, "bytes")
