"""Writes pictures as JPEG, or decodes a folder of them as torchvision's ImageFolder does, in as many threads as asked.

    python images.py write DIR COUNT         # 640x480, in two folders
    python images.py read DIR SIDE THREADS   # prints seconds; decoded, cut and resized to SIDE x SIDE
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
from PIL import Image, ImageOps

WIDTH, HEIGHT = 640, 480


def write(folder, count):
    random = numpy.random.default_rng(1)
    for at in range(count):
        # Edges and noise of several scales: about as many bytes as a photograph.
        layers = [
            Image.fromarray(random.integers(0, 256, (HEIGHT // s, WIDTH // s, 3), dtype=numpy.uint8)).resize(
                (WIDTH, HEIGHT), Image.Resampling.BICUBIC
            )
            for s in (96, 24, 6)
        ]
        blend = Image.blend(Image.blend(layers[0], layers[1], 0.4), layers[2], 0.2)
        target = folder / f"class{at % 2}"
        target.mkdir(parents=True, exist_ok=True)
        blend.save(target / f"{at}.jpg", quality=90)


def decode(path, side):
    image = Image.open(path)
    # As a careful Pillow user does: the decoder leaves out what the small picture does not need.
    image.draft("RGB", (2 * side, 2 * side))
    return numpy.asarray(ImageOps.fit(image.convert("RGB"), (side, side), Image.Resampling.LANCZOS))


def decode_whole(path, side):
    image = Image.open(path).convert("RGB")
    return numpy.asarray(ImageOps.fit(image, (side, side), Image.Resampling.LANCZOS))


def seconds(files, side, threads, how):
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        numpy.stack(list(pool.map(lambda path: how(path, side), files)))
    return time.perf_counter() - began


if __name__ == "__main__":
    _, command, folder, number, *rest = sys.argv
    if command == "write":
        write(Path(folder), int(number))
    else:
        files = sorted(Path(folder).rglob("*.jpg"))
        side, threads = int(number), int(rest[0])
        print(
            json.dumps(
                {
                    "whole": seconds(files, side, threads, decode_whole),
                    "draft": seconds(files, side, threads, decode),
                }
            )
        )
