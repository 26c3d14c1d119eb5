"""The models of the zoo written in PyTorch from its own parts, with weights by swarmgrad's names.

Each model tells in `parts()` which parameter or buffer holds which weight of ours, and how it lies there:
"same", "transposed" (dense kernels) or "convolution" (height, width, in, out here; out, in, height, width there).
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

LAYOUTS = {
    "same": (lambda w: w, lambda w: w),
    "transposed": (lambda w: w.T, lambda w: w.T),
    "convolution": (lambda w: w.transpose(3, 2, 0, 1), lambda w: w.transpose(2, 3, 1, 0)),
}


def load(model, weights):
    """Copies `weights` ({name: numpy array}) into the model; every weight must have its place."""
    left = dict(weights)
    with torch.no_grad():
        for name, tensor, layout in model.parts():
            values = np.ascontiguousarray(LAYOUTS[layout][0](left.pop(name)))
            assert tensor.shape == values.shape, (name, tensor.shape, values.shape)
            tensor.copy_(torch.from_numpy(values))
    assert not left, f"no place for {list(left)}"


def export(model):
    """The weights as {name: numpy array}, laid out as ours."""
    return {name: LAYOUTS[layout][1](tensor.detach().numpy()) for name, tensor, layout in model.parts()}


def dense(name, layer):
    yield f"{name}/kernel", layer.weight, "transposed"
    yield f"{name}/bias", layer.bias, "same"


def layer_norm(name, layer):
    yield f"{name}/gamma", layer.weight, "same"
    yield f"{name}/beta", layer.bias, "same"


class Block(nn.Module):
    """One block of GPT-2: attention and a two-layer network, each behind a layer norm, each added."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.output = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.dense_1, self.dense_2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        n, t, width = x.shape
        split = lambda part: part.view(n, t, self.heads, width // self.heads).transpose(1, 2)
        q, k, v = map(split, self.qkv(self.norm_1(x)).split(width, dim=2))
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.output(attended.transpose(1, 2).reshape(n, t, width))
        return x + self.dense_2(F.gelu(self.dense_1(self.norm_2(x)), approximate="tanh"))

    def parts(self, name):
        yield from layer_norm(f"{name}_norm_1", self.norm_1)
        yield f"{name}_attention/qkv_kernel", self.qkv.weight, "transposed"
        yield f"{name}_attention/qkv_bias", self.qkv.bias, "same"
        yield f"{name}_attention/output_kernel", self.output.weight, "transposed"
        yield f"{name}_attention/output_bias", self.output.bias, "same"
        yield from layer_norm(f"{name}_norm_2", self.norm_2)
        yield from dense(f"{name}_dense_1", self.dense_1)
        yield from dense(f"{name}_dense_2", self.dense_2)


class Gpt(nn.Module):
    def __init__(self, shape, classes, layers=2, width=128, heads=4):
        super().__init__()
        self.embedding = nn.Embedding(classes, width)
        self.positions = nn.Parameter(torch.zeros(shape[0], width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, tokens):
        x = self.embedding(tokens.long()) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))

    def parts(self):
        yield "embedding/embeddings", self.embedding.weight, "same"
        yield "positions/positions", self.positions, "same"
        for i, block in enumerate(self.blocks, 1):
            yield from block.parts(f"block_{i}")
        yield from layer_norm("norm", self.norm)
        yield from dense("output", self.head)


class Lstm(nn.Module):
    def __init__(self, shape, classes, *units):
        super().__init__()
        units = units or (128, 128)
        self.embedding = nn.Embedding(classes, 64)
        widths = [64, *units]
        self.layers = nn.ModuleList(nn.LSTM(a, b, batch_first=True) for a, b in zip(widths, widths[1:]))
        for layer in self.layers:
            # PyTorch has two biases where one does: the second stays 0.
            nn.init.zeros_(layer.bias_hh_l0).requires_grad_(False)
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, tokens):
        x = self.embedding(tokens.long())
        for layer in self.layers:
            x, _ = layer(x)
        return self.head(x)

    def parts(self):
        yield "embedding/embeddings", self.embedding.weight, "same"
        for i, layer in enumerate(self.layers, 1):
            yield f"lstm_{i}/kernel", layer.weight_ih_l0, "transposed"
            yield f"lstm_{i}/recurrent_kernel", layer.weight_hh_l0, "transposed"
            yield f"lstm_{i}/bias", layer.bias_ih_l0, "same"
        yield from dense("output", self.head)


class Cnn(nn.Module):
    def __init__(self, shape, classes):
        super().__init__()
        height, width, channels = shape
        side = lambda pixels: ((pixels - 2) // 2 - 2) // 2
        self.conv_1, self.conv_2 = nn.Conv2d(channels, 32, 3), nn.Conv2d(32, 64, 3)
        self.dense, self.head = nn.Linear(64 * side(height) * side(width), 128), nn.Linear(128, classes)
        # Flattened with channels last, as ours is.
        self.flatten_order = (0, 2, 3, 1)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv_1(x.permute(0, 3, 1, 2))), 2)
        x = F.max_pool2d(F.relu(self.conv_2(x)), 2)
        return self.head(F.relu(self.dense(x.permute(self.flatten_order).flatten(1))))

    def parts(self):
        for name, layer in (("conv_1", self.conv_1), ("conv_2", self.conv_2)):
            yield f"{name}/kernel", layer.weight, "convolution"
            yield f"{name}/bias", layer.bias, "same"
        yield from dense("dense", self.dense)
        yield from dense("output", self.head)


class Convolution(nn.Module):
    """Without bias, padded as TensorFlow's `same`, and normalized over the batch."""

    def __init__(self, inputs, filters, size, stride):
        super().__init__()
        self.size, self.stride = size, stride
        self.convolution = nn.Conv2d(inputs, filters, size, stride, bias=False)
        self.norm = nn.BatchNorm2d(filters, eps=1e-3, momentum=0.1)

    def forward(self, x):
        pads = []
        for length in (x.shape[3], x.shape[2]):
            total = max((-(-length // self.stride) - 1) * self.stride + self.size - length, 0)
            pads += [total // 2, total - total // 2]
        return self.norm(self.convolution(F.pad(x, pads)))

    def parts(self, name):
        yield f"{name}/kernel", self.convolution.weight, "convolution"
        yield f"{name}_bn/gamma", self.norm.weight, "same"
        yield f"{name}_bn/beta", self.norm.bias, "same"
        yield f"{name}_bn/moving_mean", self.norm.running_mean, "same"
        yield f"{name}_bn/moving_variance", self.norm.running_var, "same"


class Resnet(nn.Module):
    def __init__(self, shape, classes):
        super().__init__()
        self.stem = Convolution(shape[2], 16, 3, 1)
        self.stages = nn.ModuleList()
        inputs = 16
        for filters in (16, 32, 64):
            stride = 1 if filters == 16 else 2
            stage = {"a": Convolution(inputs, filters, 3, stride), "b": Convolution(filters, filters, 3, 1)}
            if stride == 2:
                stage["shortcut"] = Convolution(inputs, filters, 1, stride)
            self.stages.append(nn.ModuleDict(stage))
            inputs = filters
        self.head = nn.Linear(64, classes)

    def forward(self, x):
        x = F.relu(self.stem(x.permute(0, 3, 1, 2)))
        for stage in self.stages:
            inner = stage["b"](F.relu(stage["a"](x)))
            x = F.relu(inner + (stage["shortcut"](x) if "shortcut" in stage else x))
        return self.head(x.mean((2, 3)))

    def parts(self):
        yield from self.stem.parts("stem")
        for i, stage in enumerate(self.stages, 1):
            for part, layer in stage.items():
                yield from layer.parts(f"stage_{i}_{part}")
        yield from dense("output", self.head)


class Mlp(nn.Module):
    def __init__(self, shape, classes, *units):
        super().__init__()
        widths = [int(np.prod(shape)), *(units or (256, 128))]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.layers:
            x = F.relu(layer(x))
        return self.head(x)

    def parts(self):
        for i, layer in enumerate(self.layers, 1):
            yield from dense(f"dense_{i}", layer)
        yield from dense("output", self.head)


MODELS = {"gpt": Gpt, "lstm": Lstm, "cnn": Cnn, "resnet": Resnet, "mlp": Mlp}


def build(spec, shape, classes):
    """`spec` as in --model: NAME[:NUMBER,...]."""
    name, _, arguments = spec.partition(":")
    return MODELS[name](shape, classes, *map(int, filter(None, arguments.split(","))))
