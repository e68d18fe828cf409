"""How long a pass of each published network takes as photochrom runs it, and in its authors' code; 512×512, CPU.

    python benchmarks/published.py ORIGINALS WORK [--only eccv16 ...] [--passes 3] [--cold] [--check]
        [--processor-time]

ORIGINALS is the folder that scripts/record_published.py describes. WORK keeps the network files that photochrom
makes of random weights, which take as long as any. The bar is a ratio of 1: exits with 1 where an original is
faster. With --check it makes the files anew, and prints how much memory that took at most (the bar: 3 GB), and how
far their a, b are from the original's. --cold leaves the pass to warm up out, where one takes long;
--processor-time counts the seconds of all cores together, which other work disturbs less.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from _timing import take_turns
from photochrom.inference.onnx_model import Network
from photochrom.inference.published import PUBLISHED
from photochrom.threads import usable_cores

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / folder) for folder in ("scripts", "tests")]
from published_weights import ARCHITECTURES, a_lightness, random_weights, recorded_shapes, some_hints  # noqa: E402
from record_published import load_random, original  # noqa: E402

SIZE = 512
NAMES = {network.architecture: network.name for network in reversed(PUBLISHED.values())}
MOST_GB = 3.0
CONVERT = """
import resource, sys
from photochrom.inference.published.convert import convert
convert(*sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def network_file(architecture: str, work: Path, *, check: bool) -> Path:
    """Return the network file of random weights; make it if it is not there."""
    path, weights = work / f"{architecture}.onnx", work / f"{architecture}.pth"
    if not path.exists() or check:
        made = random_weights(recorded_shapes(architecture))
        torch.save({name: torch.from_numpy(array) for name, array in made.items()}, weights)
        command = [sys.executable, "-c", CONVERT, str(weights), NAMES[architecture], str(path)]
        peak = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / 1e6
        if check:
            print(f"{architecture}: {weights.stat().st_size / 1e6:.0f} MB converted in {peak:.2f} GB")
            if peak > MOST_GB:
                sys.exit(f"converting it may take {MOST_GB} GB")
        weights.unlink()
    return path


def ways(architecture: str, work: Path, originals: Path, *, check: bool) -> dict[str, Callable[[], object]]:
    """Return both ways to make a pass."""
    network = Network(network_file(architecture, work, check=check), device="cpu")
    theirs, run = original(architecture, originals)
    theirs.eval()
    hints = some_hints if "hints" in network.card.inputs else lambda *_: None
    lightness, given = a_lightness(SIZE, SIZE), hints(SIZE, SIZE)
    if check:
        load_random(theirs)
        small = a_lightness(64, 96)
        with torch.inference_mode():
            apart = np.abs(network.run(small, hints(64, 96))["ab"] - np.asarray(run(theirs, small))).max()
        print(f"{architecture}: a, b are {apart:.2g} from the original's at most")
    return {"original": lambda: run(theirs, lightness), "photochrom": lambda: network.run(lightness, given)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("originals", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--only", nargs="*", default=ARCHITECTURES, choices=ARCHITECTURES)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--processor-time", action="store_true")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    counted = "processor time" if args.processor_time else "time"
    print(f"one pass at {SIZE}×{SIZE}, {usable_cores()} cores, median {counted} of {args.passes} in turn")
    clock = time.process_time if args.processor_time else time.perf_counter
    late = False
    for architecture in args.only:
        both = ways(architecture, args.work, args.originals, check=args.check)
        with torch.inference_mode():
            took = take_turns(both, args.passes, warm_up=not args.cold, clock=clock)
        own, theirs = took["photochrom"], took["original"]
        late |= theirs < own
        print(f"{architecture}: {own:.2f} s, original {theirs:.2f} s, {theirs / own:.2f}×", flush=True)
    sys.exit(late)


if __name__ == "__main__":
    main()
