"""Break the code in places that a seed draws, one at a time, and count how often a test notices.

    python tests/mutation/run.py [--count 300] [--seed 0] [--jobs 2] [--rooms color,inference,training]

First the tests run once to learn which of them reach which line, and how long each takes. Each mutant is then put
into a copy of the project, where the tests that reach its line run, the fastest first, until one fails.
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
from contextlib import suppress
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from queue import SimpleQueue
from xml.etree import ElementTree

import psutil
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
        found = lines.get(mutant.line, set()) if mutant.in_function else set()
        if not found:  # what runs when the module is imported: whoever uses the module
            found = set().union(*lines.values()) if lines else set()
        order = sorted(found, key=lambda test: (self.seconds.get(test, 1.0), test))
        chosen, total = [], 0.0
        for test in order:
            total += self.seconds.get(test, 1.0)
            if chosen and total > MOST_SECONDS:
                break
            chosen.append(test)
        return chosen


def copy_project(folder: Path) -> None:
    """Copy what git knows or would take, for tests read pages and recipes too."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def pytest_in(folder: Path, *arguments: str, seconds: float | None = None, **environment: str) -> int:
    """Run tests of a copy on the package of that copy.

    Returns:
        pytest's exit status, or -1 if it took too long; what it had started is ended too.
    """
    alone = {"PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder, env=os.environ | alone | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.Error):
                child.kill()
        process.kill()
        process.wait()
        return -1
    if process.returncode not in (0, 1) and seconds is None:
        sys.exit(f"the tests could not be run on whole code:\n{said}")
    return process.returncode


def learn_reach(folder: Path, rooms: Sequence[str], jobs: int) -> Reach:
    """Run the tests of a copy once, under coverage. One that fails on whole code notices nothing, and is left out.

    Raises:
        SystemExit: if they cannot be run.
    """
    import coverage

    data, report = folder / "coverage", folder / "report.xml"
    there = [f"tests/{name}" for name in TESTS if (folder / "tests" / name).exists()]
    sources = [f"--cov=photochrom.{room}" for room in rooms]
    pytest_in(
        folder, "-n", str(jobs), *there, *sources, "--cov-context=test", "--cov-report=",
        f"--junitxml={report}", "-o", "junit_family=xunit1", COVERAGE_FILE=str(data),
    )  # fmt: skip
    seconds, failing = {}, set()
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('file')}::{case.get('name')}"
        seconds[name] = float(case.get("time") or 0)
        if case.find("failure") is not None or case.find("error") is not None:
            failing.add(name)
            print(f"left out, for it fails on whole code: {name}", flush=True)
    found = coverage.CoverageData(basename=str(data))
    found.read()
    tests: dict[str, dict[int, set[str]]] = {}
    for file in found.measured_files():
        lines = found.contexts_by_lineno(file)
        tests[str(Path(file).relative_to(folder / "src"))] = {
            line: {name.rpartition("|")[0] for name in names if name} - failing for line, names in lines.items()
        }
    return Reach(tests, seconds)


def is_noticed(mutant: Mutant, tests: Sequence[str], folder: Path) -> bool:
    """Put a mutant into a copy of the package and say whether a test fails or hangs."""
    place = folder / "src" / mutant.path
    whole = place.read_text(encoding="utf-8")
    place.write_text(mutant.code, encoding="utf-8")
    try:
        code = pytest_in(folder, "-x", "-n", "0", *tests, seconds=60 + 3 * MOST_SECONDS)
        return code not in (0, 4, 5)  # 4 and 5: the tests were not found, so none noticed anything
    finally:
        place.write_text(whole, encoding="utf-8")


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
    mutants = draw_mutants(ROOT / "src", args.rooms, args.count, random.Random(args.seed))
    copies: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(args.jobs):
            folder = Path(scratch).resolve() / str(number)
            copy_project(folder)
            copies.put(folder)
        reach = learn_reach(folder, args.rooms, args.jobs)
        print(f"{len(reach.seconds)} tests learnt in {time.monotonic() - began:.0f} s", flush=True)

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
