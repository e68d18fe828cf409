"""How long the bench takes for 480 photos of 256×256 and a network whose pass takes about 40 ms on all cores.

    python benchmarks/evaluate.py

The network is the bundled one, told to work at a size at which it takes that long. The bar is 60 s on two cores.
Exits with 1 beyond it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from PIL import Image

from photochrom.evaluation.cost import measure_cost
from photochrom.inference.card import CARD_KEY
from photochrom.inference.onnx_model import Network

BAR = 60.0
PASS = 0.040


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=480)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_photos(folder / "photos", args.photos)
        network, seconds = slow_network(folder / "slow.onnx")
        command = [sys.executable, "-m", "photochrom", "evaluate", str(network), "--data", str(folder / "photos")]
        began = time.perf_counter()
        command += ["--output", str(folder / "out"), "--fast", "--quiet"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        took = time.perf_counter() - began
    passes = args.photos * seconds
    print(f"network pass          {seconds * 1e3:8.1f} ms on all cores")
    print(f"{args.photos} passes            {passes:8.1f} s")
    print(f"photochrom evaluate   {took:8.1f} s, {took / passes:.2f} times the passes alone")
    sys.exit(took > BAR)


def write_photos(folder: Path, count: int) -> None:
    """Write soft, coloured, grainy pictures: what they show does not matter to the time."""
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(count):
        small = Image.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8)).resize((256, 256), Image.BICUBIC)
        grainy = np.clip(np.asarray(small) + random.normal(0, 6, (256, 256, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(grainy).save(folder / f"{number:05}.jpg", quality=90)


def slow_network(path: Path) -> tuple[Path, float]:
    """Write a copy of the bundled network whose pass takes at least as long as the bar is for."""
    model = onnx.load(Network().path)
    entry = next(entry for entry in model.metadata_props if entry.key == CARD_KEY)
    for size in range(256, 1024, 32):
        entry.value = json.dumps(json.loads(entry.value) | {"input_size": size})
        onnx.save(model, path)
        seconds = measure_cost(path, 256).network_seconds
        if seconds >= PASS:
            break
    return path, seconds


if __name__ == "__main__":
    main()
