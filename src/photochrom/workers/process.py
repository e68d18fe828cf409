"""Processes that work for this one: started, heard and ended so that none outlives it and none is half alive.

They leave it to this process to be interrupted, and end with it however it ends: their pipe is closed then.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from queue import SimpleQueue
from typing import Any

from photochrom.stopping import signals_held

__all__ = ["Child", "inbox"]


class Child:
    """A process and the pipe to it.

    Args:
        work: runs there, with the other end of the pipe and `arguments`; importable by name.
        arguments: picklable.

    Raises:
        OSError: if no further process can be started.
    """

    def __init__(self, work: Callable[..., None], *arguments: Any) -> None:
        context = get_context("spawn")  # a forked ONNX Runtime or libvips has lost its threads
        self.pipe: Connection[Any, Any]
        self.pipe, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=work, args=(theirs, *arguments), daemon=True)
        try:
            with signals_held():
                self.process.start()
        except OSError:
            self.pipe.close()
            raise
        finally:
            theirs.close()  # so that the pipe ends with the process

    def kill(self) -> None:
        """End the process without waiting for it."""
        self.process.kill()

    def end(self) -> str:
        """End the process, if it runs still, and say how it ended."""
        self.process.kill()
        self.process.join()
        self.pipe.close()
        code = self.process.exitcode or 0
        if code == -9:  # SIGKILL, a name that Windows lacks
            return "was ended (out of memory?)"
        return f"crashed ({signal.Signals(-code).name})" if code < 0 else f"ended with code {code}"


def inbox(pipe: Connection[Any, Any]) -> SimpleQueue[Any]:
    """Take in what comes by the pipe; when that ends, end this process, whatever it is at."""
    messages: SimpleQueue[Any] = SimpleQueue()

    def receive() -> None:
        try:
            while True:
                messages.put(pipe.recv())
        except (EOFError, OSError):
            os._exit(1)

    threading.Thread(target=receive, daemon=True).start()
    return messages
