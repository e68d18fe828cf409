"""Every random choice of a step comes from (seed, epoch, step), never from a generator that runs on.

So a resumed run needs no generator's state, and goes on as one that was never stopped.
"""

from __future__ import annotations

import torch

__all__ = ["mix", "seeded_generator"]


def mix(*numbers: int) -> int:
    """Mix numbers into one 63-bit seed (splitmix64's finalizer, number by number)."""
    mixed = 0
    for number in numbers:
        mixed = (mixed + number + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        mixed ^= mixed >> 31
    return mixed >> 1


def seeded_generator(*numbers: int) -> torch.Generator:
    """Return a fresh generator, on the CPU, whose draws depend on nothing but `numbers`."""
    return torch.Generator().manual_seed(mix(*numbers))
