"""Folders that photos keep arriving in: looked at again and again, which works where the disk sends no word."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from photochrom.batch.plan import Plan, PlanItem, find_collisions
from photochrom.io.sidecars import files_beside

__all__ = ["watch"]

_PAUSE = 1.0  # seconds between two looks
_REST = 10  # how much longer than a look the pause is at least: a million photos must not keep the disk busy

_Look = tuple[tuple[int, int], ...] | None


def watch(look: Callable[[], Plan], *, pause: float = _PAUSE) -> Iterator[Plan]:
    """Yield what is new each time, for ever: photos that came or changed, and that nobody is writing any more.

    Args:
        look: lists all photos there are.
        pause: seconds between two looks; a photo is taken if it looks the same in two of them.
    """
    arrivals = _Arrivals()
    said: set[str] = set()
    left_out: list[str] | None = None
    while True:
        start = time.monotonic()
        plan = look()
        old, new = arrivals.sort(plan.items)
        unread = [error for error in plan.unread if str(error) not in said]
        notes = [note for note in plan.notes if note not in said]
        # Once: a photo on its way often has another name until it is whole, and would be noted each time.
        left_out = plan.left_out if left_out is None else []
        if new or unread or notes or left_out:
            said.update(notes, map(str, unread))
            clashes = {id(item): error for item, error in find_collisions([*old, *new])} if new else {}
            free = [item for item in new if id(item) not in clashes]
            unread += [clashes[id(item)] for item in new if id(item) in clashes]
            yield Plan(free, unread, notes, left_out)
        time.sleep(max(pause, _REST * (time.monotonic() - start)) if not new else 0)


class _Arrivals:
    """Tells photos whose turn it is: they look as they did the last time, and had no turn since they changed."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[_Look, bool]] = {}

    def sort(self, items: list[PlanItem]) -> tuple[list[PlanItem], list[PlanItem]]:
        """Part photos that had their turn from those whose turn it is; the rest waits for the next look."""
        seen: dict[str, tuple[_Look, bool]] = {}  # a new one, which forgets what is gone
        old, new = [], []
        for item in items:
            name, look = str(item.source), _look(item)
            before, had_turn = self._seen.get(name, (None, False))
            if look != before:
                had_turn = False
            elif had_turn:
                old.append(item)
            else:
                had_turn = True
                new.append(item)
            seen[name] = (look, had_turn)
        self._seen = seen
        return old, new


def _look(item: PlanItem) -> _Look:
    try:
        found = [path.stat() for path in (item.source, *files_beside(item.source))]
    except (OSError, ValueError):
        return None
    return tuple((status.st_size, status.st_mtime_ns) for status in found)
