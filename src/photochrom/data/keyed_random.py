"""Random numbers by key: what a photo draws depends on its own key, not on the batch or the process it is in.

A generator that runs on gives a photo other numbers as soon as the batch before it is another. Here each draw is a
function of (the batch's key, the photo's number, how many draws came before): a counter-based generator, after
Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011, with splitmix64's finalizer as the function. So
one process, several processes and a batch in parts draw the very same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["KeyedRandom", "mix"]

Words = NDArray[np.uint64]

_GOLDEN = 0x9E3779B97F4A7C15
_FACTORS = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_WORD = (1 << 64) - 1


def mix(*numbers: int) -> int:
    """Mix numbers into one 63-bit seed (splitmix64's finalizer, number by number)."""
    mixed = 0
    for number in numbers:
        mixed = (mixed + number + _GOLDEN) & _WORD
        for shift, factor in zip((30, 27), _FACTORS, strict=True):
            mixed = ((mixed ^ (mixed >> shift)) * factor) & _WORD
        mixed ^= mixed >> 31
    return mixed >> 1


class KeyedRandom:
    """Draws for the photos of a batch, on the CPU.

    Args:
        key: of what all the photos share, such as seed and epoch.
        photos: a number for each photo; one that comes twice draws the same twice.
        batch: key of the draws that are made once for a whole batch; `key` if None.
    """

    def __init__(self, key: int, photos: Sequence[int] | NDArray[Any], batch: int | None = None) -> None:
        self._photos = _mixed(np.asarray(photos, np.int64).astype(np.uint64) + np.uint64(mix(key)))
        self._batch = mix(key if batch is None else batch)
        self._draws = 0

    def __len__(self) -> int:
        return len(self._photos)

    def rand(self, *shape: int) -> Tensor:
        """Draw numbers from 0 to below 1, float32 [N,*shape]."""
        return torch.from_numpy((self._words(shape) >> np.uint64(40)).astype(np.float32) * np.float32(2**-24))

    def randint(self, high: int, *shape: int) -> Tensor:
        """Draw whole numbers from 0 to below `high`, itself below 2^32; int64 [N,*shape]."""
        words = (self._words(shape) >> np.uint64(32)) * np.uint64(high) >> np.uint64(32)
        return torch.from_numpy(words.astype(np.int64))

    def once(self, low: int, high: int) -> int:
        """Draw one whole number for the whole batch, from `low` to below `high`."""
        self._draws += 1
        return low + mix(self._batch, self._draws) % (high - low)

    def planes(self, device: torch.device, *shape: int, normal: bool = False) -> Tensor:
        """Draw many numbers for each photo on a device: float32 [N,*shape], even from 0 to 1, or normal."""
        drawn = torch.empty((len(self), *shape), device=device)
        generator = torch.Generator(device)
        for plane, seed in zip(drawn.unbind(), (self._words(()) >> np.uint64(1)).tolist(), strict=True):
            generator.manual_seed(seed)
            if normal:
                plane.normal_(generator=generator)
            else:
                plane.uniform_(generator=generator)
        return drawn

    def fork(self) -> Self:
        """Return an independent stream for the same photos, whatever is drawn from this one afterwards."""
        return self._select(self._photos)

    def __getitem__(self, rows: Tensor | slice) -> Self:
        """Return an independent stream for some of the photos."""
        return self._select(self._photos[rows.numpy() if isinstance(rows, Tensor) else rows])

    def _select(self, photos: Words) -> Self:
        self._draws += 1
        other = type(self).__new__(type(self))
        other._photos = _mixed(photos + np.uint64(mix(self._draws)))
        other._batch, other._draws = mix(self._batch, self._draws), 0
        return other

    def _words(self, shape: tuple[int, ...]) -> Words:
        """Draw 64 bits [N,*shape]."""
        self._draws += 1
        first = _mixed(self._photos ^ np.uint64(mix(self._draws)))
        if not shape:
            return first
        places = np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
        return _mixed(first[:, None] + places).reshape(len(first), *shape)


def _mixed(words: Words) -> Words:
    """Put 64-bit words through splitmix64's finalizer."""
    for shift, factor in zip((30, 27), _FACTORS, strict=True):
        words = (words ^ (words >> np.uint64(shift))) * np.uint64(factor)
    return words ^ (words >> np.uint64(31))
