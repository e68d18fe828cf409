"""Groups: which photos of a call were taken together, by who took over whose colours."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Groups"]


class Groups:
    """Photos joined by pairs; those of which one took over the colours of the other are in one group."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def add(self, photo: str, others: Iterable[str]) -> None:
        """Join a photo and those whose colours it took over."""
        for other in others:
            one, two = sorted((self._head(photo), self._head(other)))
            self._above[two] = one

    def all(self) -> list[list[str]]:
        """Return the groups, each in order of names; a photo by itself is in none."""
        groups: dict[str, list[str]] = {}
        for photo in sorted(self._above):
            groups.setdefault(self._head(photo), []).append(photo)
        return [groups[head] for head in sorted(groups)]

    def numbers(self) -> dict[str, int]:
        """Return the number of each photo's group, from 1 on."""
        return {photo: number for number, group in enumerate(self.all(), 1) for photo in group}

    def line(self) -> str:
        """Say how many photos were taken together; nothing where none were."""
        groups = self.all()
        if not groups:
            return ""
        return f"{sum(map(len, groups)):,} alike in {len(groups):,} group{'s' if len(groups) > 1 else ''}"

    def _head(self, photo: str) -> str:
        above = self._above.setdefault(photo, photo)
        while above != photo:
            photo, above = above, self._above[above]
        return photo
