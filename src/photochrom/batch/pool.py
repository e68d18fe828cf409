"""A pool of processes that colorize one photo each at a time, and the same in this process for a pool of one.

A worker that dies takes only its photo with it. Not `concurrent.futures`, which then gives up all others as well.
"""

from __future__ import annotations

import os
import threading
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue
from typing import Protocol

from photochrom.batch.worker import Outcome, Setup, Task, Worker
from photochrom.errors import PhotochromError, WorkerError
from photochrom.workers.process import Child, inbox

__all__ = ["Pool", "open_pool"]


class Pool(Protocol):
    """Does tasks, some at a time.

    Attributes:
        recipe: as `Worker` has it.
    """

    recipe: str

    @property
    def busy(self) -> bool:
        """Whether a task is begun that `wait` did not return yet."""

    @property
    def full(self) -> bool:
        """Whether no more tasks can be begun before `wait` has returned one."""

    def start(self, task: Task) -> None:
        """Begin a task."""

    def wait(self) -> tuple[Task, Outcome]:
        """Return the next task that is through."""

    def close(self) -> None:
        """Give up what is not through, at once."""


def open_pool(setup: Setup, workers: int) -> Pool:
    """Open the network in a pool of so many workers: processes, or for one worker this process.

    Raises:
        NetworkError: if the network cannot be opened.
        WorkerError: if no process can be started, or the first one dies.
    """
    return _Thread(setup) if workers == 1 else _Processes(setup, workers)


class _Thread:
    """A pool of one, in this process.

    Not in the main thread, where Python raises what a signal asks for: it would be lost in a callback of libvips,
    and wait for the end of a long computation.
    """

    def __init__(self, setup: Setup) -> None:
        self._worker = Worker(setup)
        self.recipe = self._worker.recipe
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._outcomes: SimpleQueue[tuple[Task, Outcome]] = SimpleQueue()
        self.busy = False
        threading.Thread(target=self._work, daemon=True).start()

    @property
    def full(self) -> bool:
        return self.busy

    def start(self, task: Task) -> None:
        self._tasks.put(task)
        self.busy = True

    def wait(self) -> tuple[Task, Outcome]:
        through = self._outcomes.get()
        self.busy = False
        return through

    def close(self) -> None:
        self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._outcomes.put((task, self._worker.do(task)))


class _Process(Child):
    task: Task | None = None


class _Processes:
    def __init__(self, setup: Setup, workers: int) -> None:
        self._setup, self._workers = setup, workers
        self._processes: list[_Process] = []
        # One before all others, to hear whether the network can be opened at all. The others are made when there
        # is work for them: a call may find everything done.
        first = self._spawn()
        try:
            answer = first.pipe.recv()
        except (EOFError, OSError):
            answer = WorkerError(
                setup.network, f"the program that opened it {self._lose(first)}", "use fewer --jobs"
            )
        except BaseException:
            self.close()
            raise
        if not isinstance(answer, str):
            self.close()
            raise answer if isinstance(answer, PhotochromError) else AssertionError(answer)
        self.recipe = answer

    @property
    def busy(self) -> bool:
        return any(process.task is not None for process in self._processes)

    @property
    def full(self) -> bool:
        return sum(process.task is not None for process in self._processes) == self._workers

    def start(self, task: Task) -> None:
        while True:
            idle = next((process for process in self._processes if process.task is None), None) or self._spawn()
            try:
                idle.pipe.send(task)
            except OSError:  # it died while it had nothing to do
                self._lose(idle)
            else:
                idle.task = task
                return

    def wait(self) -> tuple[Task, Outcome]:
        while True:
            for pipe in wait([process.pipe for process in self._processes]):
                process = next(process for process in self._processes if process.pipe is pipe)
                outcome = self._hear(process)
                if outcome is not None and process.task is not None:
                    task, process.task = process.task, None
                    return task, outcome

    def _hear(self, process: _Process) -> Outcome | None:
        """Take one message; None where it does not end a task."""
        try:
            message = process.pipe.recv()
        except (EOFError, OSError):
            how = self._lose(process)
            if process.task is None:
                return None
            return Outcome(
                error=WorkerError(process.task.source, f"the program that worked on it {how}", "try it by itself")
            )
        if isinstance(message, PhotochromError):  # it could not open the network, though the first one could
            self._lose(process)
            return Outcome(error=message)
        return message if isinstance(message, Outcome) else None

    def close(self) -> None:
        for process in self._processes[:]:
            process.kill()  # all, before the first is waited for
        for process in self._processes[:]:
            self._lose(process)

    def _lose(self, process: _Process) -> str:
        self._processes.remove(process)
        return process.end()

    def _spawn(self) -> _Process:
        try:
            process = _Process(_work, self._setup)
        except OSError as error:
            raise WorkerError(
                None, f"no further process can be started ({error.strerror})", "use fewer --jobs"
            ) from error
        self._processes.append(process)
        return process


def _work(pipe: Connection[str | PhotochromError | Outcome, Task], setup: Setup) -> None:
    """Do tasks from the pipe, in a process of its own."""
    os.environ["VIPS_CONCURRENCY"] = str(setup.threads or 0)
    tasks: SimpleQueue[Task] = inbox(pipe)
    try:
        try:
            worker = Worker(setup)
        except PhotochromError as error:
            pipe.send(error)
            return
        pipe.send(worker.recipe)
        while True:
            pipe.send(worker.do(tasks.get()))
    except OSError:
        os._exit(1)  # nobody is there to hear
