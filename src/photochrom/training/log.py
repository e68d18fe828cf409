"""What a training run tells: a progress bar for the eye, JSON lines and TensorBoard for programs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from photochrom.errors import require_extra
from photochrom.io.atomic import replace_file
from photochrom.training.checkpoint import EpochLog

__all__ = ["RunLog", "loading_bar"]


class RunLog:
    """The log of one run: `log.jsonl`, the progress bar, and TensorBoard where it is asked for.

    Args:
        folder: of the run.
        history: epochs done before; the log file is made to hold just these.
        epochs: of the whole run.
        photos: per epoch.
        show: whether to draw the progress bar, or where there is no terminal a line now and then.
        tensorboard: whether to write event files for TensorBoard as well.
        write: whether to write anything at all.
    """

    def __init__(
        self,
        folder: Path,
        history: list[EpochLog],
        *,
        epochs: int,
        photos: int,
        show: bool,
        tensorboard: bool,
        write: bool = True,
    ) -> None:
        self._path = folder / "log.jsonl"
        self._history = history
        self._write = write
        if write:
            with replace_file(self._path) as temporary:
                lines = (json.dumps(asdict(entry)) + "\n" for entry in history)
                temporary.write_text("".join(lines), encoding="utf-8")
        self._writer = _tensorboard(folder, len(history)) if tensorboard and write else None
        self._console = Console(stderr=True)
        self._show = show
        self._said = 0.0
        self._epochs, self._photos = epochs, photos
        self._bar = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f} %"),
            TextColumn("loss {task.fields[loss]}"),
            TextColumn("{task.fields[speed]} photos/s"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=self._console,
            disable=not (show and self._console.is_terminal),
        )
        self._task = self._bar.add_task(
            "train", total=epochs * photos, completed=len(history) * photos,
            epoch=len(history), epochs=epochs, loss="–", speed="–",
        )  # fmt: skip

    def __enter__(self) -> RunLog:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
        if self._writer is not None:
            self._writer.close()

    def say(self, line: str) -> None:
        """Print one line above the progress bar, to stderr."""
        if self._show:
            self._console.print(line, highlight=False, soft_wrap=True, markup=False)

    def step(self, epoch: int, photos_done: int, loss: float, speed: float) -> None:
        """Move the bar: `photos_done` in epoch number `epoch`, their mean loss, photos/s."""
        self._bar.update(
            self._task, completed=(epoch - 1) * self._photos + photos_done,
            epoch=epoch, loss=f"{loss:.2f}", speed=f"{speed:.1f}",
        )  # fmt: skip

    def epoch(self, entry: EpochLog) -> None:
        """Add a finished epoch to the log."""
        if not self._write:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(entry)) + "\n")
        if self._writer is not None:
            self._writer.add_scalar("loss/train", entry.train_loss, entry.epoch)
            if entry.test_loss is not None:
                self._writer.add_scalar("loss/test", entry.test_loss, entry.epoch)
            self._writer.add_scalar("photos_per_second", entry.photos_per_second, entry.epoch)
        if not self._console.is_terminal and (time.monotonic() - self._said > 30 or entry.epoch == self._epochs):
            self._said = time.monotonic()
            test = "" if entry.test_loss is None else f", test {entry.test_loss:.2f}"
            self.say(
                f"epoch {entry.epoch}/{self._epochs}: loss {entry.train_loss:.2f}{test}, "
                f"{entry.photos_per_second:.1f} photos/s"
            )


@contextmanager
def loading_bar(show: bool) -> Iterator[tuple[Callable[[int, int], None], Callable[[str], None]]]:
    """Give callbacks for progress (photos done, photos at most) and for lines, and show both on stderr.

    The bar needs a terminal.
    """
    console = Console(stderr=True)
    columns = TextColumn("loading photos"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not (show and console.is_terminal)) as bar:
        task = bar.add_task("load", total=None)

        def say(line: str) -> None:
            if show:
                console.print(line, highlight=False, soft_wrap=True, markup=False)

        yield lambda done, most: bar.update(task, completed=done, total=most), say


def _tensorboard(folder: Path, epochs_done: int) -> Any:
    with require_extra("tensorboard", "TensorBoard logging"):
        import tensorboard  # noqa: F401 - torch's own error does not name the command
        from torch.utils.tensorboard import SummaryWriter
    return SummaryWriter(folder / "tensorboard", purge_step=epochs_done + 1)
