"""Damage to bytes, whatever they are of."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

__all__ = ["ANY", "NUMBERS", "Change", "Data", "cut", "flip", "noise", "repeat"]

NUMBERS = (0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 64, 100, 127, 128, 200, 255, 256, 1000, 4096, 20_000, 32_767,
           32_768, 50_000, 65_500, 65_535, 65_536, 1 << 20, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1,
           (1 << 32) - 16, 1 << 40, 1 << 63, (1 << 64) - 1)  # fmt: skip
Data = bytearray
Change = Callable[[Data, Random, list[bytes]], Data]


def flip(data: Data, random: Random, _: list[bytes]) -> Data:
    for _n in range(random.choice((1, 1, 2, 5, 20))):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return data


def _flip_early(data: Data, random: Random, _: list[bytes]) -> Data:
    for _n in range(random.choice((1, 2, 4))):
        data[random.randrange(min(len(data), 64))] ^= 1 << random.randrange(8)
    return data


def noise(data: Data, random: Random, _: list[bytes]) -> Data:
    at, size = random.randrange(len(data)), random.choice((1, 4, 16, 100))
    data[at : at + size] = random.randbytes(min(size, len(data) - at))
    return data


def _number(data: Data, random: Random, _: list[bytes]) -> Data:
    size = random.choice((1, 2, 4, 8))
    at = random.randrange(max(1, len(data) - size))
    value = random.choice(NUMBERS) & ((1 << (8 * size)) - 1)
    data[at : at + size] = value.to_bytes(size, random.choice(("little", "big")))
    return data


def cut(data: Data, random: Random, _: list[bytes]) -> Data:
    return data[: random.randrange(len(data))]


def _remove(data: Data, random: Random, _: list[bytes]) -> Data:
    at = random.randrange(len(data))
    del data[at : at + random.choice((1, 2, 10, 200))]
    return data


def repeat(data: Data, random: Random, _: list[bytes]) -> Data:
    at, size = random.randrange(len(data)), random.choice((1, 4, 50, 500))
    data[at:at] = data[at : at + size] * random.choice((1, 2, 30))
    return data


def _swap(data: Data, random: Random, _: list[bytes]) -> Data:
    size = random.choice((1, 8, 64))
    one, other = sorted(random.randrange(max(1, len(data) - size)) for _n in range(2))
    if one + size <= other:
        data[one : one + size], data[other : other + size] = data[other : other + size], data[one : one + size]
    return data


def _splice(data: Data, random: Random, others: list[bytes]) -> Data:
    other = random.choice(others)
    start = random.randrange(len(other))
    piece = other[start : start + random.choice((8, 64, 1000))]
    at = random.randrange(len(data))
    data[at : at + random.choice((0, len(piece)))] = piece
    return data


def _fill(data: Data, random: Random, _: list[bytes]) -> Data:
    at, size = random.randrange(len(data)), random.choice((4, 32, 400))
    size = min(size, len(data) - at)
    data[at : at + size] = bytes([random.choice((0, 255))]) * size
    return data


def _append(data: Data, random: Random, others: list[bytes]) -> Data:
    return data + random.choice((bytes(100), random.randbytes(50), random.choice(others)))


ANY: tuple[Change, ...] = (
    *(flip, _flip_early, noise, _number, _number, cut, _remove, repeat, _swap, _splice, _fill, _append),
)
