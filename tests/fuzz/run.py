"""Fuzz run: tens of thousands of mutated photos through the colorizer, in processes that may die.

    python tests/fuzz/run.py --count 21000 --out /tmp/fuzz

An input is known by its number and the run's seed alone, so that a run can be continued (--start) or one input
repeated (--start N --count 1). What goes wrong is printed and kept in the folder; see README.md beside this file.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import resource
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fuzz.mutations import mutate
from fuzz.seeds import FORMATS, make_seeds

TARGETS = (".jpg", ".png", ".tif", ".webp", ".bmp", ".png", ".tif", ".jpg", ".avif")
WARM_UP = 500  # inputs until memory counts
SECONDS = 10  # of a processor
WALL_SECONDS = 60  # of the clock, for what waits and for busy computers
MEMORY = 6 << 30  # of addresses; threads and libraries take 2 GB of them before the first photo


@dataclass(frozen=True)
class Input:
    """One photo to try.

    Attributes:
        content: its bytes.
        kind: its format.
        suffix: of the result.
        options: for the result, as `Options` takes them.
        done: the seed's name, and what was done to it.
    """

    content: bytes
    kind: str
    suffix: str
    options: dict[str, Any]
    done: list[str]


def make_input(number: int, seed: int, seeds: dict[str, bytes]) -> Input:
    """Make input `number` of a run."""
    random = Random(f"{seed}/{number}")
    kind = FORMATS[number % len(FORMATS)]
    name = random.choice([name for name in seeds if name.startswith(kind)])
    others = [content for other, content in seeds.items() if other.startswith(kind) or random.random() < 0.1]
    content, done = mutate(seeds[name], kind, random, others)
    options = random.choices(({}, {"long_edge": 17}, {"side_by_side": True}, {"mark": False}), (7, 1, 1, 1))[0]
    return Input(content, kind, random.choice(TARGETS), options, [name, *done])


def work(arguments: argparse.Namespace) -> None:
    """Take numbers from standard input and say on standard output how each went."""
    from fuzz.check import Check
    from photochrom.colorizer import Colorizer
    from photochrom.options import Options
    from tiny_network import tint_card, write_network

    allocator = ctypes.CDLL("libc.so.6")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    seeds = make_seeds()
    with tempfile.TemporaryDirectory() as folder:
        network = write_network(Path(folder) / "tint.onnx", card=tint_card())
        check = Check(Colorizer(network, device="cpu", threads=2), Path(folder))
        for line in sys.stdin:
            number = int(line)
            tried = make_input(number, arguments.seed, seeds)
            whole = seeds[tried.done[0]] if tried.done[1:] == ["cut"] else None
            options = Options(max_pixels=arguments.max_pixels, **tried.options)
            started = time.monotonic()
            outcome, wrong = check(tried.content, tried.suffix, options, whole)
            seconds = time.monotonic() - started
            if number % 100 < 2:
                gc.collect()
            # What the allocator keeps of large photos for the next one would hide a leak, or look like one.
            allocator.malloc_trim(0)
            print(
                json.dumps(
                    {
                        "number": number,
                        "outcome": outcome.replace(folder, ""),
                        "wrong": wrong,
                        "seconds": round(seconds, 3),
                        "files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208
                        "threads": len(os.listdir("/proc/self/task")),  # noqa: PTH208
                        "rss": _status("VmRSS"),
                        "peak": _status("VmHWM"),
                    }
                ),
                flush=True,
            )
            Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew


def _busy(process: int) -> float:
    """Seconds of a processor that a process has used."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _status(name: str) -> float:
    """Megabytes of memory as Linux counts them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return round(int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024, 1)


@dataclass
class Run:
    """What the processes report, added up."""

    arguments: argparse.Namespace
    seeds: dict[str, bytes] = field(default_factory=make_seeds)
    totals: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in FORMATS})
    slowest: tuple[float, int] = (0.0, -1)
    highest: tuple[float, int] = (0.0, -1)
    lines: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)

    def report(self, number: int, result: dict[str, Any] | None, problem: str | None = None) -> None:
        """Count one input; keep it if something is wrong with it."""
        tried = make_input(number, self.arguments.seed, self.seeds)
        kind, suffix, done = tried.kind, tried.suffix, tried.done
        wrong = [problem] if problem else list(result["wrong"]) if result else []
        with self.lock:
            total = self.totals[kind]
            total["inputs"] += 1
            if result is not None:
                total["colorized" if result["outcome"] == "colorized" else "refused"] += 1
                self.slowest = max(self.slowest, (result["seconds"], number))
                self.highest = max(self.highest, (result["peak"], number))
            if wrong:
                total["problems"] += 1
                path = self.arguments.out / "problems" / f"{number}-{kind}{suffix}"
                path.write_bytes(tried.content)
                line = json.dumps({"number": number, "kind": kind, "to": suffix, "done": done, "wrong": wrong})
                print(line, flush=True)
                with (self.arguments.out / "problems.jsonl").open("a") as file:
                    file.write(line + "\n")
            if result is not None:
                with (self.arguments.out / "outcomes.jsonl").open("a") as file:
                    file.write(json.dumps({**result, "kind": kind, "done": done}) + "\n")

    def drive(self, numbers: list[int]) -> None:
        """Have processes work on these numbers, one process after the other as they die."""
        left = list(reversed(numbers))
        while left:
            process = self._start()
            baseline: dict[str, Any] | None = None
            done = 0
            while left and done < self.arguments.fresh:
                number = left.pop()
                result = self._one(process, number, extra=0 if done else 60)
                if isinstance(result, str):
                    self.report(number, None, result)
                    break
                done += 1
                self.report(number, result, _leak(result, baseline) if baseline else None)
                if done == WARM_UP:
                    baseline = last = result
                last = result
            if baseline is not None and last["number"] != baseline["number"]:
                growth = (last["rss"] - baseline["rss"]) / (done - WARM_UP) * 1000
                with self.lock:
                    self.lines.append(
                        f"process of {done:,} inputs: {baseline['rss']:.0f} MB after {WARM_UP}, "
                        f"{last['rss']:.0f} MB at the end, {growth:+.2f} MB per 1,000 inputs; "
                        f"{last['files']} files, {last['threads']} threads open"
                    )
            process.stdin.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self) -> Any:
        command = [sys.executable, __file__, "--worker", "--seed", str(self.arguments.seed)]
        command += ["--max-pixels", str(self.arguments.max_pixels)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "VIPS_CONCURRENCY": "2"}
        errors = (self.arguments.out / "errors.txt").open("ab")
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment, text=True
        )

    def _one(self, process: Any, number: int, extra: float) -> dict[str, Any] | str:
        """Have one input tried; `extra` seconds are for a process that has only just begun."""
        try:
            process.stdin.write(f"{number}\n")
            process.stdin.flush()
        except BrokenPipeError:
            return f"crash before it began: {process.wait()}"
        began, busy = time.monotonic(), _busy(process.pid)
        while not select.select([process.stdout], [], [], 1)[0]:
            used, passed = _busy(process.pid) - busy, time.monotonic() - began
            if used > SECONDS + extra or passed > WALL_SECONDS + extra:
                process.kill()
                return f"hang: no end after {used:.0f} s of work, {passed:.0f} s by the clock"
        line = process.stdout.readline()
        if not line:
            return f"crash: ended with {process.wait()}"
        return dict(json.loads(line))

    def summary(self) -> str:
        """Set out what was found as a table."""
        rows = [f"| {'format':7} | {'inputs':>7} | {'colorized':>9} | {'refused':>7} | {'problems':>8} |"]
        rows.append("|---|---:|---:|---:|---:|")
        together: Counter[str] = Counter()
        for kind, total in self.totals.items():
            together += total
            rows.append(_row(kind, total))
        rows.append(_row("all", together))
        return "\n".join(
            [
                *rows,
                "",
                *self.lines,
                f"slowest: {self.slowest[0]} s (input {self.slowest[1]}); "
                f"most memory: {self.highest[0]:.0f} MB (input {self.highest[1]})",
            ]
        )


def _row(kind: str, total: Counter[str]) -> str:
    return (
        f"| {kind:7} | {total['inputs']:7,} | {total['colorized']:9,} | {total['refused']:7,} "
        f"| {total['problems']:8,} |"
    )


def _leak(result: dict[str, Any], baseline: dict[str, Any]) -> str | None:
    if result["files"] > baseline["files"] + 8:
        return f"leak: {result['files']} files open, {baseline['files']} before"
    if result["threads"] > baseline["threads"] + 32:
        return f"leak: {result['threads']} threads, {baseline['threads']} before"
    return None


def main() -> None:
    """Start the run, or work for one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=int, default=0, help="number of the first input")
    parser.add_argument("--count", type=int, default=21_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--fresh", type=int, default=1 << 30, help="inputs until a process is replaced")
    parser.add_argument(
        "--max-pixels", type=int, default=30_000_000, help="what a decoder gets through within the time limit"
    )
    parser.add_argument("--out", type=Path, help="folder for what goes wrong")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        work(arguments)
        return
    arguments.out = arguments.out or Path(tempfile.mkdtemp(prefix="photochrom-fuzz-"))
    (arguments.out / "problems").mkdir(parents=True, exist_ok=True)
    run = Run(arguments)
    numbers = range(arguments.start, arguments.start + arguments.count)
    drivers = [
        threading.Thread(target=run.drive, args=(list(numbers[index :: arguments.processes]),))
        for index in range(arguments.processes)
    ]
    started = time.monotonic()
    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.join()
    text = f"{run.summary()}\n{time.monotonic() - started:,.0f} s, seed {arguments.seed}"
    print(text)
    (arguments.out / "summary.md").write_text(text + "\n")
    sys.exit(any(total["problems"] for total in run.totals.values()))


if __name__ == "__main__":
    main()
