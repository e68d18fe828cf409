"""How long one pass of the default network takes as photochrom runs it, and in PyTorch; on all cores.

    python benchmarks/network.py

The bars are 50 ms at 256×256 and 220 ms at 512×512 on two cores. Exits with 1 beyond one of them.

    python benchmarks/network.py --busy 2 [--rounds 7]

measures passes at 256×256 by one thread and by two, quiet and beside so many other processes at full load.
"Spinning" is how ONNX Runtime's threads wait by default; photochrom turns it off.
"""

from __future__ import annotations

import argparse
import functools
import sys

import numpy as np
import onnxruntime
import torch

from _busy import Speeds, per_second, print_speeds, quiet_and_busy
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


def beside_others(processes: int, rounds: int) -> dict[str, Speeds]:
    """Measure passes a second at 256×256 by one thread and two, quiet and busy."""
    planes = np.random.default_rng(0).uniform(0, 100, (1, 1, 256, 256)).astype(np.float32)
    one, two = (Network(DEFAULT_NETWORK, device="cpu", threads=threads) for threads in (1, 2))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    spinning = onnxruntime.InferenceSession(str(one.path), options, providers=["CPUExecutionProvider"])
    inputs = {"lightness": planes, "hints": np.zeros((1, 3, 256, 256), np.float32)}
    inputs["vividness"] = np.full(1, 0.5, np.float32)
    ways = {
        "one thread": lambda: one.run(planes, vividness=0.5),
        "two threads, spinning": lambda: spinning.run(["ab"], inputs),
        "two threads, photochrom": lambda: two.run(planes, vividness=0.5),
    }
    timed = {name: functools.partial(per_second, way, 1.0) for name, way in ways.items()}
    return quiet_and_busy(timed, processes, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passes", type=int, default=15)
    parser.add_argument("--busy", type=int, metavar="N", help="measure beside N busy processes")
    parser.add_argument("--rounds", type=int, default=7, help="with --busy")
    args = parser.parse_args()
    if args.busy:
        print(f"{DEFAULT_NETWORK} at 256×256: ratios are medians of {args.rounds} rounds")
        print_speeds(beside_others(args.busy, args.rounds), "passes/s", args.busy)
        return
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
