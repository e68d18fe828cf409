"""article-6's dev run as the article did it: 200 photos at 400x400 for 200 epochs, tested after each.

    python benchmarks/dev_run.py [--device cuda] [--epochs 200]

Prints the seconds that the run takes with loading, testing and checkpoints, and their ratio to the bar of 30 s on
one H200 (the article: 40 minutes on a Colab GPU). With fewer epochs it says what 200 would take at that pace. The
photos are drawn by the script.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from photochrom.training import load_recipe, train
from training import draw_photos

BAR = 30.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--epochs", type=int, default=200)
    args = parser.parse_args()
    recipe = load_recipe("article-6", {"epochs": str(args.epochs)})
    with tempfile.TemporaryDirectory() as name:
        for part in ("train_color", "test_color"):
            (Path(name) / part).mkdir()
            draw_photos(Path(name) / part, 200)
        start = time.perf_counter()
        result = train(recipe, name, Path(name) / "run", device=args.device)
        whole = time.perf_counter() - start
    history = result.history
    print(f"{whole:.1f} s for {args.epochs} epochs, {history[-1].photos_per_second:.0f} photos/s in the last")
    paced = whole * 200 / args.epochs
    print(f"200 epochs at this pace: {paced:.1f} s, {paced / BAR:.2f}x the bar of {BAR:.0f} s")


if __name__ == "__main__":
    main()
