"""What a network costs: seconds for a photo and peak memory, in a process of its own, with nothing beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from photochrom.errors import NetworkError

__all__ = ["Cost", "measure_cost"]

_REPEATS = 9


@dataclass(frozen=True)
class Cost:
    """What a network costs on the CPU, with all cores.

    Attributes:
        network_seconds: median of one pass of the network over one photo.
        photo_seconds: median of colorizing one photo in memory.
        peak_memory_mb: most memory of the process, in 10^6 bytes; None where the system is not Linux.
    """

    network_seconds: float
    photo_seconds: float
    peak_memory_mb: float | None


def measure_cost(network: Path, size: int) -> Cost:
    """Measure a network on photos of size×size pixels, in a fresh process.

    Raises:
        NetworkError: if it fails there.
    """
    command = [sys.executable, "-m", "photochrom.evaluation.cost", str(network), str(size)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        reason = (run.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise NetworkError(network, f"its cost cannot be measured ({reason})", "try it on one photo by itself")
    return Cost(**json.loads(run.stdout))


def _measure(network: Path, size: int) -> Cost:
    from photochrom.colorizer import Colorizer
    from photochrom.inference.preprocess import network_shape
    from photochrom.io.picture import Picture

    colorizer = Colorizer(network, device="cpu")
    random = np.random.default_rng(0)
    picture = Picture.from_array(random.integers(0, 256, (size, size), np.uint8))
    shape = network_shape(size, size, colorizer.card.input_size)
    lightness = random.uniform(0, 100, (1, 1, *shape)).astype(np.float32)
    passes, photos = [], []
    for _ in range(_REPEATS):
        passes.append(_seconds(lambda: colorizer.network.run(lightness)))
        photos.append(_seconds(lambda: colorizer(picture)))
    return Cost(median(passes[1:]), median(photos[1:]), _peak_memory())


def _seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _peak_memory() -> float | None:
    try:
        # Not getrusage: its peak is the parent's where that was larger before the process became this one.
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


if __name__ == "__main__":
    try:
        print(json.dumps(vars(_measure(Path(sys.argv[1]), int(sys.argv[2])))))
    except NetworkError as error:
        sys.exit(error.problem)  # the process that asks adds which network it is
