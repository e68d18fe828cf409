"""Which photos of an album lend each other colours: the surest first, to those that look like it as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom.inference.exemplar import Exemplar
from photochrom.inference.matching import likeness

__all__ = ["AlbumPhoto", "Part", "plan_album", "waves"]

_ALIKE = 0.47
"""Of 100 pairs that show different things, one looks more alike; of those that show the same, nearly all do."""

_EXEMPLARS = 3  # of each rank, that a photo is compared with place by place, at most
_ASKED = 2  # whose colours the first one of a group is averaged with, at most


@dataclass(frozen=True, eq=False)
class AlbumPhoto:
    """What the plan needs of a photo.

    Attributes:
        summary: as `Features.summary` has it.
        sureness: as `Exemplar` has it.
        rank: what rules others: 0 for a photo whose colours are right, 1 for one that somebody gave hints, else 2.
    """

    summary: NDArray[np.float32]
    sureness: float
    rank: int = 2

    @classmethod
    def of(cls, exemplar: Exemplar, rank: int = 2) -> AlbumPhoto:
        """Take it from what others need to know of the photo."""
        return cls(exemplar.features.summary(), exemplar.sureness, rank)


@dataclass(frozen=True)
class Part:
    """What one photo takes over.

    Attributes:
        exemplars: numbers of the photos whose colours it takes over, the one that rules first.
        averaged: their colours as they are one by one, averaged with its own: it is the first of its group.
    """

    exemplars: tuple[int, ...] = ()
    averaged: bool = False


def plan_album(photos: Sequence[AlbumPhoto]) -> list[Part]:
    """Choose for each photo those whose colours it may take over.

    A photo takes from those of a lower rank, and from surer ones of its own. The surest of those that are alike
    takes the average of its own colours and those of others: what several photos say is nearer to the truth than
    what one does. One of rank 0 takes from none.

    Returns:
        What each photo takes over; but for what is averaged, never in a circle.
    """
    order = sorted(range(len(photos)), key=lambda number: (photos[number].rank, -photos[number].sureness, number))
    parts = [Part()] * len(photos)
    followers: dict[int, list[tuple[float, int]]] = {}
    for place, number in enumerate(order):
        if photos[number].rank == 0:
            continue
        shares = likeness(photos[number].summary, [photos[other].summary for other in order[:place]])
        alike = dict(zip(order[:place], shares.tolist(), strict=True))
        near = [other for other, share in alike.items() if share >= _ALIKE]
        near.sort(key=lambda other: (photos[other].rank, -alike[other], other))
        # So many of each rank: a corrected photo that only looks alike must not keep out those that show the same.
        ranked = [[other for other in near if photos[other].rank == rank] for rank in range(3)]
        parts[number] = Part(tuple(other for same in ranked for other in same[:_EXEMPLARS]))
        for other in parts[number].exemplars:
            followers.setdefault(other, []).append((-alike[other], number))
    for number, asked in followers.items():
        if photos[number].rank == 2 and not parts[number].exemplars:
            parts[number] = Part(tuple(follower for _, follower in sorted(asked)[:_ASKED]), averaged=True)
    return parts


def waves(parts: Sequence[Part]) -> list[list[int]]:
    """Sort photos into rounds, so that each comes after all whose final colours it may take over."""
    above = [set() if part.averaged else set(part.exemplars) for part in parts]
    rounds: list[list[int]] = []
    done: set[int] = set()
    left = list(range(len(parts)))
    while left:
        rounds.append([number for number in left if above[number] <= done])
        done.update(rounds[-1])
        left = [number for number in left if number not in done]
    return rounds
