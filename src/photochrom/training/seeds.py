"""Every random choice comes from (seed, epoch, photo) or (seed, epoch, step), never from a generator that runs on.

So a resumed run needs no generator's state, and goes on as one that was never stopped.
"""

from __future__ import annotations

import torch

from photochrom.data.keyed_random import mix

__all__ = ["seeded_generator"]


def seeded_generator(*numbers: int) -> torch.Generator:
    """Return a fresh generator, on the CPU, whose draws depend on nothing but `numbers`."""
    return torch.Generator().manual_seed(mix(*numbers))
