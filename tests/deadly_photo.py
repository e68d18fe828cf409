"""A photo that kills the process that reads it."""

from __future__ import annotations

import os
import signal
from collections.abc import Container
from dataclasses import asdict, dataclass
from multiprocessing import parent_process
from pathlib import Path

from photochrom.data.photos import PhotoRef


@dataclass(frozen=True)
class DeadlyRef(PhotoRef):
    """As a `PhotoRef`, but some reads of it by worker processes end them, as the system does for want of memory.

    Attributes:
        reads: file that gets a letter for each.
        fatal: which ones, counted from 1.
    """

    reads: Path = Path()
    fatal: Container[int] = ()

    @classmethod
    def of(cls, ref: PhotoRef, reads: Path, fatal: Container[int]) -> DeadlyRef:
        return cls(**asdict(ref), reads=reads, fatal=fatal)

    def read(self) -> bytes:
        if parent_process() is not None:
            with self.reads.open("a") as file:
                file.write(".")
            if len(self.reads.read_text()) in self.fatal:
                os.kill(os.getpid(), signal.SIGKILL)
        return super().read()
