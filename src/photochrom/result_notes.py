"""What a user should know of a result that was made all the same, in parts as an error has them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from os import PathLike

__all__ = ["Note"]


@dataclass(frozen=True)
class Note:
    """Something to know about a file; ``str(note)`` is its one line.

    Attributes:
        subject: the file.
        text: what is to be known, without naming the file.
    """

    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}"

    def about(self, subject: str | PathLike[str]) -> Note:
        """Return the same note about a file by the name that its user knows."""
        return replace(self, subject=str(subject))
