"""One photo's turn: what is done to it, in this process or in another, and what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from photochrom.batch.fingerprint import Stamp, file_digest
from photochrom.colorizer import Colorizer
from photochrom.errors import PhotochromError, TooLargeError, UnexpectedError, reason_of
from photochrom.inference.onnx_model import Device
from photochrom.io.hints_file import hints_text
from photochrom.notes import Note
from photochrom.options import Options

__all__ = ["Extras", "Outcome", "Setup", "Task", "Worker"]

E = TypeVar("E", PhotochromError, Note)


@dataclass(frozen=True)
class Setup:
    """How all photos of a call are colorized.

    Attributes:
        network: name of a bundled network, or path of a network file.
        options: wishes for the results.
        device: where the network runs.
        network_size: side of the square whose area it works at, or None for its own.
        threads: processors for one photo, or None for all.
    """

    network: str
    options: Options
    device: Device = "auto"
    network_size: int | None = None
    threads: int | None = None


@dataclass(frozen=True)
class Extras:
    """What is made of one photo besides its result, or in place of it.

    Attributes:
        alternatives: results in so many ways, in place of one, or 0.
        confidence: PNG file for a map of how sure the network is, or None.
        suggestions: so many hints that would help most, or 0.
    """

    alternatives: int = 0
    confidence: Path | None = None
    suggestions: int = 0


@dataclass(frozen=True)
class Task:
    """A photo and the file to write.

    Attributes:
        source: the photo's file.
        made: the file to write, which is moved when it is whole.
        target: where to; messages call the file so.
        called: what messages call the photo, or None for its path.
        extras: what else is to be written.
    """

    source: Path
    made: Path
    target: Path
    called: str | None = None
    extras: Extras = Extras()

    @property
    def results(self) -> list[tuple[Path, Path]]:
        """The results' files: each as it is written, and where to it is moved."""
        count = self.extras.alternatives
        pair = (self.made, self.target)
        return [_numbered(pair, number) for number in range(1, count + 1)] if count else [pair]

    @property
    def confidence(self) -> list[tuple[Path, Path]]:
        """Likewise, the file of the map, if it is wished."""
        wished = self.extras.confidence
        return [] if wished is None else [(self.made.with_name("confidence.png"), wished)]

    @property
    def suggestions(self) -> list[tuple[Path, Path]]:
        """Likewise, the file of the hints, if they are wished."""
        wished = self.extras.suggestions
        return [(self.made.with_name("hints.json"), self.target.with_suffix(".hints.json"))] if wished else []

    @property
    def files(self) -> list[tuple[Path, Path]]:
        """All files."""
        return self.results + self.confidence + self.suggestions

    def named(self, said: E) -> E:
        """Have an error or a note speak of its file by the name that the user knows."""
        names = {str(made): str(target) for made, target in self.files}
        if self.called is not None:
            names[str(self.source)] = self.called
        return said.about(said.subject if said.subject is None else names.get(said.subject, said.subject))


@dataclass(frozen=True)
class Outcome:
    """What came of a task.

    Attributes:
        photo: the photo as it was read.
        made: the file that was written, or None if the task failed.
        warnings: what the user should know, a line each.
        error: why it failed.
        seconds: how long it took.
    """

    photo: Stamp | None = None
    made: Stamp | None = None
    warnings: tuple[str, ...] = ()
    error: PhotochromError | None = None
    seconds: float = 0.0


def _numbered(pair: tuple[Path, Path], number: int) -> tuple[Path, Path]:
    made, target = (path.with_stem(f"{path.stem}-{number}") for path in pair)
    return made, target


class Worker:
    """Has a network open, and does one task after the other.

    Attributes:
        recipe: what all its results are made with: network, size and options, as JSON that never varies.

    Raises:
        NetworkError: if the network cannot be opened, or cannot do what is wished.
    """

    def __init__(self, setup: Setup) -> None:
        self._options = setup.options
        self._colorizer = Colorizer(
            setup.network, device=setup.device, network_size=setup.network_size, threads=setup.threads
        )
        self._colorizer.check(setup.options)
        card = self._colorizer.card
        # Defaults are left out, so that an option of tomorrow does not undo what was done before it; and how large
        # a photo may be is no matter of its result.
        options = setup.options.model_dump(mode="json", exclude_defaults=True, exclude={"max_pixels"})
        made_with = {
            "network": f"{card.name} {card.version} {file_digest(self._colorizer.network.path).hex()}",
            "network_size": setup.network_size,
            "options": options,
        }
        self.recipe = json.dumps(made_with, sort_keys=True)

    def do(self, task: Task) -> Outcome:
        """Do one task; whatever goes wrong with it is in the outcome."""
        start, name = perf_counter(), task.called or task.source
        try:
            try:
                photo = Stamp.of(task.source)
            except (OSError, ValueError):
                photo = None  # what is wrong with it, the engine says best
            notes = self._write(task)
            made = Stamp.of(task.results[0][0])
        except PhotochromError as error:
            failure: PhotochromError = task.named(error)
        except MemoryError:
            remedy = "shrink the photo or use fewer --jobs"
            failure = TooLargeError(name, "needs more memory than there is", remedy)
        except Exception as error:  # one photo's riddle must not keep ten thousand others waiting
            paths = [task.source, *(path for pair in task.files for path in pair)]
            why = f"{type(error).__name__}: {reason_of(error, *paths)}"
            failure = UnexpectedError(name, f"failed as no photo should ({why})", "please report it")
        else:
            warnings = tuple(str(task.named(note)) for note in notes)
            return Outcome(photo, made, warnings, seconds=perf_counter() - start)
        return Outcome(error=failure, seconds=perf_counter() - start)

    def _write(self, task: Task) -> list[Note]:
        extras, engine = task.extras, self._colorizer
        sets = [self._options.hints]
        if extras.alternatives:
            sets = engine.alternative_hints(task.source, extras.alternatives, self._options)
        notes: list[Note] = []
        for hints, (made, _) in zip(sets, task.results, strict=True):
            notes += engine.write(task.source, made, self._options.model_copy(update={"hints": hints}))
        for made, _ in task.confidence:
            engine.write_confidence(task.source, made, self._options)
        for made, _ in task.suggestions:
            made.write_text(hints_text(engine.suggest_hints(task.source, extras.suggestions, self._options)))
        return notes
