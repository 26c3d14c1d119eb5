"""Trains the last layer of a Keras model anew, for other classes: in Keras, and by `swarmgrad coordinator --from --freeze --head`.

    npm run build
    KERAS_BACKEND=torch python test/learning/references/keras/fine-tune.py [SEEDS]

A small CNN learns the digits 0 to 4 of scikit-learn's 8x8 digits; its layers then stay as they are under a new last one
for the digits 5 to 9. Both sides begin with the same file, and have the same data, optimizer, rate, batches and epochs;
orders of samples and new weights are drawn by each on its own, once a seed. Ran with Python 3.11, keras 3.15.1 on torch
2.15.0, scikit-learn 1.9.1.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_digits

SEEDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
EPOCHS, BATCH, RATE = 5, 32, 0.005
program = Path(__file__).resolve().parents[4] / "dist" / "cli" / "swarmgrad.js"
layers = keras.layers


def part(classes, first):
    digits = load_digits()
    chosen = np.isin(digits.target, classes)
    x = digits.images[chosen].astype("float32")[..., None]
    y = (digits.target[chosen] - first).astype("int32")
    order = np.random.default_rng(7).permutation(len(x))
    x, y = x[order], y[order]
    cut = len(x) * 2 // 3
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])


def base():
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Rescaling(1 / 16),
            layers.Conv2D(8, 3, activation="relu", name="conv_1"),
            layers.BatchNormalization(name="norm"),
            layers.Conv2D(12, 3, activation="relu", name="conv_2"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(24, activation="relu", name="features"),
            layers.Dense(5, activation="softmax", name="classes"),
        ]
    )
    (x, y), test = part(range(5), 0)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=10, batch_size=32, verbose=0)
    print(f"digits 0 to 4, in Keras: {model.evaluate(*test, verbose=0)[1]:.4f}")
    return model


def by_keras(path, train, test, seed):
    keras.utils.set_random_seed(seed)
    before = keras.models.load_model(path)
    before.trainable = False
    head = layers.Dense(5, activation="softmax")(before.layers[-2].output)
    model = keras.Model(before.inputs, head)
    model.compile(keras.optimizers.Adam(RATE), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*train, epochs=EPOCHS, batch_size=BATCH, verbose=0)
    return model.evaluate(*test, verbose=0)[::-1]


def by_swarmgrad(path, data, seed, folder):
    run = folder / f"run-{seed}"
    options = {
        "data": f"npz:{data}", "from": path, "freeze": "conv_*,norm,features", "optimizer": "adam", "lr": RATE,
        "batch-size": BATCH, "epochs": EPOCHS, "seed": seed, "run-dir": run, "port": 0,
    }
    flags = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    command = ["node", program, "coordinator", "--head", "--local-lanes", "1", *flags]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    test = json.loads((run / "summary.json").read_text())["test"]
    return test["accuracy"], test["loss"]


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, data = folder / "base.keras", folder / "digits.npz"
        base().save(path)
        train, test = part(range(5, 10), 5)
        np.savez(data, x_train=train[0], y_train=train[1], x_test=test[0], y_test=test[1])
        rows = {"Keras": [], "swarmgrad": []}
        for seed in range(1, SEEDS + 1):
            rows["Keras"].append(by_keras(path, train, test, seed))
            rows["swarmgrad"].append(by_swarmgrad(path, data, seed, folder))
        print(f"digits 5 to 9, {len(test[0])} of them, {SEEDS} seeds: mean, least and greatest")
        for side, found in rows.items():
            accuracy, loss = np.array(found).T
            print(
                f"{side:10} accuracy {accuracy.mean():.4f} ({accuracy.min():.4f} to {accuracy.max():.4f})"
                f"   loss {loss.mean():.4f} ({loss.min():.4f} to {loss.max():.4f})"
            )
        found = {side: np.array(pairs)[:, 0] for side, pairs in rows.items()}
        spread = max(np.ptp(values) for values in found.values()) or 1 / len(test[0])
        apart = abs(found["Keras"].mean() - found["swarmgrad"].mean())
        print(f"means are {apart:.4f} apart; the spread of one side is {spread:.4f}")
        sys.exit(0 if apart <= spread else 1)


main()
