"""What it costs to keep hints to their reach, beside a pass of the default network at 256×256; on all cores.

    python benchmarks/hints.py

A pass with one hint, whose pass without hints is there already, may take 1.15 times the network's own. The first
result with hints makes both passes; at reach 1 one is enough. Exits with 1 beyond the bar.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import numpy as np

from _timing import take_turns
from photochrom.hints import Hint
from photochrom.inference.catalogue import DEFAULT_NETWORK
from photochrom.inference.forward_passes import Passes
from photochrom.inference.onnx_model import Network
from photochrom.options import Options
from photochrom.threads import usable_cores

BAR = 1.15
SIZE = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    random = np.random.default_rng(0)
    smooth = random.uniform(10, 90, (16, 16)).repeat(SIZE // 16, 0).repeat(SIZE // 16, 1)
    lightness = (smooth + random.normal(0, 3, smooth.shape)).clip(0, 100).astype(np.float32)
    network = Network(DEFAULT_NETWORK, device="cpu")
    edited = Passes(network, lightness)
    edited.ab(Options())

    def hints(count: int) -> tuple[Hint, ...]:
        """Other ones each time, so that each makes a pass."""
        return tuple(Hint(*random.random(2).tolist(), (40.0, -20.0)) for _ in range(count))

    def asking(count: int, reach: float, *, first: bool = False) -> Callable[[], object]:
        return lambda: (Passes(network, lightness) if first else edited).ab(
            Options(hints=hints(count), reach=reach)
        )

    ways = {
        "network's own, 1 hint": asking(1, 1),
        "1 hint": asking(1, 0.5),
        "10 hints": asking(10, 0.5),
        "100 hints": asking(100, 0.5),
        "first result, 1 hint": asking(1, 0.5, first=True),
    }
    took = take_turns(ways, rounds)
    own = took["network's own, 1 hint"]
    print(f"{DEFAULT_NETWORK} at {SIZE}×{SIZE}, {usable_cores()} cores, median of {rounds}")
    for name, seconds in took.items():
        print(f"{name}: {seconds * 1000:.1f} ms, {seconds / own:.2f}×")
    sys.exit(took["1 hint"] > BAR * own)


if __name__ == "__main__":
    main()
