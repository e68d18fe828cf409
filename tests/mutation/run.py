"""Break the code in places that a seed draws, one at a time, and count how often a test notices.

    python tests/mutation/run.py [--count 300] [--seed 0] [--jobs 2] [--rooms color,inference,training]

First the tests run once to learn which of them reach which line, and how long each takes. Each mutant then gets a
copy of the package and runs the tests that reach its line, the fastest first, until one fails.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from queue import SimpleQueue
from xml.etree import ElementTree

from mutants import Mutant, draw_mutants

ROOT = Path(__file__).parents[2]
TESTS = ("color", "inference", "io", "models", "data", "training", "test_colorizer.py", "test_hints.py")
MOST_SECONDS = 40.0
"""Of tests for one mutant, as they take on whole code; what takes three times as long is noticed."""


@dataclass(frozen=True)
class Reach:
    """Which tests reach which line of a file, and how long each test takes."""

    tests: dict[str, dict[int, set[str]]]
    seconds: dict[str, float]

    def of(self, mutant: Mutant) -> list[str]:
        """Return the tests that reach a mutant's line, the fastest first, as many as there is time for."""
        lines = self.tests.get(mutant.path, {})
        found = lines.get(mutant.line, set())
        if not found:  # what runs when the module is imported: whoever uses the module
            found = set().union(*lines.values()) if lines else set()
        order = sorted(found, key=lambda test: self.seconds.get(test, 1.0))
        chosen, total = [], 0.0
        for test in order:
            total += self.seconds.get(test, 1.0)
            if chosen and total > MOST_SECONDS:
                break
            chosen.append(test)
        return chosen


def learn_reach(rooms: Sequence[str]) -> Reach:
    """Run the tests once under coverage."""
    import coverage

    with tempfile.TemporaryDirectory() as folder:
        data, report = Path(folder) / "coverage", Path(folder) / "report.xml"
        there = [f"tests/{name}" for name in TESTS if (ROOT / "tests" / name).exists()]
        sources = [f"--cov=photochrom.{room}" for room in rooms]
        command = [
            sys.executable, "-m", "pytest", "-q", "-n", "2", *there, *sources, "--cov-context=test",
            "--cov-report=", f"--junitxml={report}", "-o", "junit_family=xunit1",
        ]  # fmt: skip
        subprocess.run(command, cwd=ROOT, env=os.environ | {"COVERAGE_FILE": str(data)}, check=True)
        seconds = {}
        for case in ElementTree.parse(report).iter("testcase"):
            seconds[f"{case.get('file')}::{case.get('name')}"] = float(case.get("time") or 0)
        found = coverage.CoverageData(basename=str(data))
        found.read()
        tests: dict[str, dict[int, set[str]]] = {}
        for file in found.measured_files():
            lines = found.contexts_by_lineno(file)
            tests[str(Path(file).relative_to(ROOT / "src"))] = {
                line: {name.rpartition("|")[0] for name in names if name} for line, names in lines.items()
            }
    return Reach(tests, seconds)


def is_noticed(mutant: Mutant, tests: Sequence[str], folder: Path) -> bool:
    """Put a mutant into a copy of the package and say whether a test fails or hangs."""
    place = folder / "src" / mutant.path
    whole = place.read_text(encoding="utf-8")
    place.write_text(mutant.code, encoding="utf-8")
    environment = os.environ | {
        "PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, timeout=60 + 3 * MOST_SECONDS
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        place.write_text(whole, encoding="utf-8")
    return done.returncode != 0


def interval(hits: int, count: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    z = 1.96
    share = hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return middle - half, middle + half


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rooms", default="color,inference,training", type=lambda text: text.split(","))
    parser.add_argument(
        "--within", type=float, default=60, help="minutes; mutants that are left then do not count"
    )
    parser.add_argument("--output", type=Path, default=Path("survivors.txt"))
    args = parser.parse_args()
    began = time.monotonic()
    reach = learn_reach(args.rooms)
    mutants = draw_mutants(ROOT / "src", args.rooms, args.count, random.Random(args.seed))
    copies: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(args.jobs):
            copy = Path(scratch) / str(number)
            for name in ("src", "tests", "recipes", "docs", "examples"):
                shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            for name in ("pyproject.toml", "README.md", "CHANGELOG.md"):
                shutil.copy(ROOT / name, copy / name)
            copies.put(copy)

        def judge(mutant: Mutant) -> bool | None:
            if time.monotonic() - began > args.within * 60:
                return None
            tests = reach.of(mutant)
            copy = copies.get()
            try:
                return bool(tests) and is_noticed(mutant, tests, copy)
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(args.jobs) as pool:
            judged = []
            for mutant, noticed in zip(mutants, pool.map(judge, mutants), strict=True):
                if noticed is not None:
                    judged.append((mutant, noticed))
                    if not noticed:
                        print(mutant, flush=True)
    survivors = [mutant for mutant, noticed in judged if not noticed]
    args.output.write_text("\n".join(map(str, survivors)) + "\n", encoding="utf-8")
    hits, count = len(judged) - len(survivors), len(judged)
    low, high = interval(hits, count)
    print(f"{hits} of {count} mutants noticed: {hits / count:.1%}, 95 % interval {low:.1%} to {high:.1%}")


if __name__ == "__main__":
    main()
