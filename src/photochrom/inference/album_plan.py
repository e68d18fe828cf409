"""Which photos of an album lend each other colours: the surest first, to those that look like it as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom.inference.exemplar import Exemplar
from photochrom.inference.matching import likeness

__all__ = ["AlbumPhoto", "plan_album", "waves"]

_ALIKE = 0.47  # of 100 pairs that show different things, one looks more alike; of those that show the same, nearly all
_EXEMPLARS = 3  # that a photo is compared with place by place, at most


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


def plan_album(photos: Sequence[AlbumPhoto]) -> list[tuple[int, ...]]:
    """Choose for each photo those whose colours it may take over.

    A photo takes from those of a lower rank, and from surer ones of its own; one of rank 0 takes from none.

    Returns:
        For each photo the numbers of others, the one that rules first; never in a circle.
    """
    order = sorted(range(len(photos)), key=lambda number: (photos[number].rank, -photos[number].sureness, number))
    chosen: list[tuple[int, ...]] = [()] * len(photos)
    for place, number in enumerate(order):
        if photos[number].rank == 0:
            continue
        alike = {other: likeness(photos[number].summary, photos[other].summary) for other in order[:place]}
        near = [other for other, share in alike.items() if share >= _ALIKE]
        near.sort(key=lambda other: (photos[other].rank, -alike[other], other))
        chosen[number] = tuple(near[:_EXEMPLARS])
    return chosen


def waves(chosen: Sequence[tuple[int, ...]]) -> list[list[int]]:
    """Sort photos into rounds, so that each comes after all whose colours it may take over."""
    depth: dict[int, int] = {}

    def of(number: int) -> int:
        if number not in depth:
            depth[number] = 1 + max((of(other) for other in chosen[number]), default=-1)
        return depth[number]

    rounds: list[list[int]] = [[] for _ in range(max(map(of, range(len(chosen))), default=-1) + 1)]
    for number in range(len(chosen)):
        rounds[depth[number]].append(number)
    return rounds
