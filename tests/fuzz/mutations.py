"""Mutations: a small whole photo becomes one that no encoder would write.

Some know nothing of formats (`damage`); others are a format's own (`edits`).
"""

from __future__ import annotations

import contextlib
import struct
import zlib
from random import Random

from fuzz.damage import ANY, Data
from fuzz.edits import OF_FORMAT

__all__ = ["mutate"]


def mutate(seed: bytes, kind: str, random: Random, others: list[bytes]) -> tuple[bytes, list[str]]:
    """Change a photo in one to four ways.

    Args:
        seed: a whole photo.
        kind: its format.
        random: says which ways.
        others: whole photos to take pieces of.

    Returns:
        The bytes and the names of what was done to them.
    """
    data = Data(seed)
    done = []
    for _ in range(random.choices((1, 2, 3, 4), (60, 25, 10, 5))[0]):
        known = OF_FORMAT[kind]
        change = random.choice(known if known and random.random() < 0.6 else ANY)
        # A format's own edits give up where an earlier one left nothing that they know.
        with contextlib.suppress(struct.error, IndexError, ValueError, zlib.error):
            data = change(data, random, others)
            done.append(change.__name__.lstrip("_"))
    return bytes(data), done
