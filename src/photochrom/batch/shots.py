"""Files of one shot, which cameras name alike: a raw and its JPEG, and the film of a Live Photo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Protocol, TypeVar

from photochrom.io.formats import JPEG, RAW, kind_of

__all__ = ["Shots"]

_STILLS = JPEG | {".heic", ".heif", ".hif"}
_FILMS = {".mov"}


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


@dataclass
class Shots:
    """Leaves of each shot one file, and counts the others.

    Attributes:
        stills: how many JPEG and HEIC files were left out beside their raw, by kind.
        films: how many films of Live Photos were.
    """

    stills: Counter[str] = field(default_factory=Counter)
    films: int = 0

    def choose(self, entries: Sequence[N], goes: Callable[[N], bool] = lambda _: False) -> list[N]:
        """Return the files of a folder without those that another one stands for.

        A raw stands for the camera's own JPEG of the same shot: it holds more. A photo stands for the film that a
        phone takes with it.

        Args:
            entries: all of the folder.
            goes: whether a file is left out anyway, and so stands for none.
        """
        kinds: dict[str, set[str]] = {}
        for entry in entries:
            beside = kinds.setdefault(_stem(entry), set())
            if (suffix := _suffix(entry)) in RAW | _STILLS and not goes(entry):
                beside.add(suffix)
        chosen = []
        for entry in entries:
            suffix, beside = _suffix(entry), kinds[_stem(entry)]
            if suffix in _STILLS and beside & RAW:
                self.stills["JPEG" if kind_of(suffix) == ".jpg" else "HEIC"] += 1
            elif suffix in _FILMS and beside & _STILLS:
                self.films += 1
            else:
                chosen.append(entry)
        return chosen

    def notes(self) -> list[str]:
        """Say how many files were left out, a line for each reason."""
        lines = []
        if count := self.stills.total():
            kinds = " and ".join(sorted(self.stills))
            photos = f"1 {kinds} photo" if count == 1 else f"{count:,} {kinds} photos"
            whose = "the raw of its shot is colorized" if count == 1 else "the raws of their shots are colorized"
            lines.append(f"{photos} left out; {whose}")
        if self.films:
            films = "1 film of a Live Photo" if self.films == 1 else f"{self.films:,} films of Live Photos"
            whose = "its photo is" if self.films == 1 else "their photos are"
            lines.append(f"{films} left out; {whose} colorized")
        return lines


def _stem(entry: _Named) -> str:
    return PurePath(entry.name).stem.casefold()


def _suffix(entry: _Named) -> str:
    return PurePath(entry.name).suffix.lower()
