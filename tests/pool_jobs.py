"""Jobs that a test of the pool can foresee, for workers that are real processes."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

from photochrom.errors import NetworkError
from photochrom.workers.runner import Context, Job, Setup


class Memory(Context):
    """Counts what it did by key.

    Attributes:
        seen: how often each key was.
    """

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}

    def forget(self, key: str) -> None:
        self.seen.pop(key, None)


@dataclass(frozen=True)
class MemorySetup(Setup[Memory]):
    """Opens nothing; or dies or fails over it, as often as there are letters in a file."""

    dies: Path | None = None
    fails: bool = False
    threads: int | None = 1

    def open(self) -> Memory:
        if self.fails:
            raise NetworkError("net.onnx", "is damaged", "export it again")
        if self.dies is not None and (left := self.dies.read_text()):
            self.dies.write_text(left[1:])
            os.kill(os.getpid(), signal.SIGKILL)
        return Memory()


@dataclass(frozen=True)
class Echo(Job[Memory, tuple[str, int, int]]):
    """Gives its name, the process, and how often its key was seen there."""

    name: str
    key: str | None = None

    def run(self, context: Memory) -> tuple[str, int, int]:
        if self.key is not None:
            context.seen[self.key] = context.seen.get(self.key, 0) + 1
        return self.name, os.getpid(), context.seen.get(self.key or "", 0)


@dataclass(frozen=True)
class BlasThreads(Job[Memory, int]):
    """Says on how many threads NumPy multiplies matrices there."""

    name: str
    key: str | None = None

    def run(self, context: Memory) -> int:
        np.ones((2, 2)) @ np.ones((2, 2))
        return max(each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas")


@dataclass(frozen=True)
class Deadly(Job[Memory, str]):
    """Ends its process the first so many times, counted in a file, or for ever."""

    name: str
    file: Path
    times: int = 10**9
    key: None = None

    def run(self, context: Memory) -> str:
        with self.file.open("a") as file:
            file.write(".")
        if len(self.file.read_text()) <= self.times:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.name


@dataclass(frozen=True)
class Await(Job[Memory, str]):
    """Waits until a file is there."""

    name: str
    file: Path
    key: str | None = None

    def run(self, context: Memory) -> str:
        while not self.file.exists():
            time.sleep(0.01)
        return self.name


@dataclass(frozen=True)
class Broken(Job[Memory, None]):
    """Fails as no job should, or for want of memory."""

    name: str
    memory: bool = False
    key: None = None

    def run(self, context: Memory) -> None:
        raise MemoryError if self.memory else KeyError("a riddle")
