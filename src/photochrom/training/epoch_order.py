"""Which photos an epoch trains on, and in which order: all of them, or no more of any collection than a cap."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from photochrom.training.seeds import seeded_generator

__all__ = ["EpochOrder", "collection_of"]

_PARTS = {"train_color", "test_color"}


def collection_of(key: str) -> str:
    """Return the collection that a photo's key tells of.

    That is the first folder below the data's (``portraits/2019/01.jpg``: ``portraits``), but for ``train_color``
    and ``test_color``; or what stands before the last hyphen of a key without folders, as shards have them
    (``sunscenes-1f08``: ``sunscenes``); or else the empty text.
    """
    *folders, name = key.split("/")
    named = [folder for folder in folders if folder not in _PARTS]
    return named[0] if named else name.rpartition("-")[0]


class EpochOrder:
    """Draws the photos of each epoch by the seed and the epoch's number alone.

    With a cap, a collection that is larger than so many times the mean of what all collections give to an epoch
    gives only that: other photos of it in each epoch, until all of them had their turn. Large collections are
    capped and small ones are not repeated, for a photo that comes often is learned by heart.

    Args:
        keys: of the photos.
        seed: of the run.
        cap: largest share of a collection in an epoch, in times the mean share; None for every photo, once.

    Attributes:
        collections: how many photos each has, the largest first.
        most: photos that a collection gives to an epoch at most.
    """

    def __init__(self, keys: Sequence[str], seed: int, cap: float | None) -> None:
        self._seed, self._count = seed, len(keys)
        members: dict[str, list[int]] = {}
        for number, key in enumerate(keys):
            members.setdefault("" if cap is None else collection_of(key), []).append(number)
        self.collections = {
            name: len(own) for name, own in sorted(members.items(), key=lambda item: -len(item[1]))
        }
        sizes = list(self.collections.values())
        self.most = max(sizes, default=0) if cap is None else _most(sizes, cap)
        self._whole = [number for own in members.values() if len(own) <= self.most for number in own]
        self._turns = [
            torch.tensor(own)[torch.randperm(len(own), generator=seeded_generator(seed, len(own), own[0]))]
            for own in members.values()
            if len(own) > self.most
        ]

    def __len__(self) -> int:
        """Return how many photos an epoch trains on."""
        return len(self._whole) + self.most * len(self._turns)

    def __call__(self, epoch: int) -> list[int]:
        """Return the numbers of an epoch's photos, each once, in order; epochs count from 1."""
        order = torch.randperm(len(self), generator=seeded_generator(self._seed, epoch))
        if self._turns:
            chosen = torch.cat([torch.tensor(self._whole, dtype=torch.int64), *self._given(epoch)])
            order = chosen.sort().values[order]
        drawn: list[int] = order.tolist()
        return drawn

    def __str__(self) -> str:
        """Say how many photos an epoch has, and which collections give only a part of theirs."""
        if not self._turns:
            return f"{self._count} photos"
        capped = [name or "without one" for name, size in self.collections.items() if size > self.most]
        return (
            f"{len(self)} of {self._count} photos (at most {self.most} of each of {len(self.collections)} "
            f"collections: {', '.join(capped[:3])}{f' and {len(capped) - 3} more' if len(capped) > 3 else ''})"
        )

    def _given(self, epoch: int) -> list[Tensor]:
        first = (epoch - 1) * self.most
        return [own[(torch.arange(self.most) + first) % len(own)] for own in self._turns]


def _most(sizes: Sequence[int], cap: float) -> int:
    """Find the largest number of photos that is at most `cap` times the mean of what collections then give."""
    most = float(max(sizes, default=0))
    while True:
        given = sum(min(size, most) for size in sizes)
        lower = min(most, cap * given / max(1, len(sizes)))
        if most - lower < 0.5:  # it falls towards the number, ever slower
            return max(1, int(lower))
        most = lower
