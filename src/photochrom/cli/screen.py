"""What a command shows while it works: lines on stderr, above a bar where that is a terminal."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress

__all__ = ["Screen", "one_line"]


class Screen:
    """Prints lines, and a bar while there is something to count.

    Args:
        quiet: leave out the bar and all lines but those of errors.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._progress: Progress | None = None

    def __enter__(self) -> Screen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_counting()

    def count(self, what: str, total: int) -> None:
        """Begin a bar of so many steps."""
        self.stop_counting()
        if self._quiet or not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import Progress

        self._progress = Progress(console=Console(stderr=True), transient=True)
        self._progress.start()
        self._progress.add_task(what, total=total)

    def step(self) -> None:
        """Move the bar on."""
        if self._progress is not None:
            self._progress.advance(self._progress.task_ids[0])

    def stop_counting(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def error(self, line: str) -> None:
        """Print one line about what went wrong."""
        line = f"photochrom: {one_line(line)}"
        if self._progress is None:
            print(line, file=sys.stderr, flush=True)
        else:
            self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def note(self, line: str) -> None:
        """Print one line that the user should know."""
        if not self._quiet:
            self.error(line)


def one_line(text: str) -> str:
    """Write out as escapes what would break a line or cannot be printed: a file's name may hold anything."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )
