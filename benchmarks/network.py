"""How long one pass of the default network takes as photochrom runs it, and in PyTorch; on all cores.

    python benchmarks/network.py

The bars are 50 ms at 256×256 and 220 ms at 512×512 on two cores. Exits with 1 beyond one of them.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import torch

from _timing import take_turns
from photochrom.inference.catalogue import DEFAULT_NETWORK
from photochrom.inference.onnx_model import Network
from photochrom.models import create_network
from photochrom.threads import usable_cores

BARS = {256: 50.0, 512: 220.0}


def measure(network: Network, eager: torch.nn.Module, size: int, passes: int) -> dict[str, float]:
    """Return the median milliseconds of each way at size×size."""
    planes = np.random.default_rng(0).uniform(0, 100, (1, 1, size, size)).astype(np.float32)
    inputs = torch.from_numpy(planes), torch.zeros(1, 3, size, size), torch.tensor([0.5])

    def in_torch() -> None:
        with torch.inference_mode():
            eager(*inputs)

    ways = {"torch": in_torch, "runtime": lambda: network.run(planes, vividness=0.5)}
    return {name: seconds * 1000 for name, seconds in take_turns(ways, passes).items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passes", type=int, default=15)
    args = parser.parse_args()
    network = Network(DEFAULT_NETWORK, device="cpu")
    eager = create_network(DEFAULT_NETWORK).eval()
    print(f"{DEFAULT_NETWORK}, {usable_cores()} cores, median of {args.passes} passes")
    late = False
    for size, bar in BARS.items():
        took = measure(network, eager, size, args.passes)
        late |= took["runtime"] > bar
        own, plain = took["runtime"], took["torch"]
        print(f"{size}×{size}: {own:.1f} ms (bar {bar:.0f}), PyTorch {plain:.1f} ms, {plain / own:.1f}×")
    sys.exit(late)


if __name__ == "__main__":
    main()
