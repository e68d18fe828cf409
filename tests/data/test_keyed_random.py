"""Random numbers by key: those of a photo do not depend on its batch, and they are spread as they should be."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from photochrom.data.keyed_random import KeyedRandom, mix

CPU = torch.device("cpu")


def draws(random: KeyedRandom) -> list[torch.Tensor]:
    """Draw in every way there is, in streams of streams too."""
    first, fork = random.rand(3, 2), random.fork()
    some = fork[torch.arange(len(fork))]
    planes = random.planes(CPU, 4, 5), random.planes(CPU, 4, 5, normal=True)
    return [first, random.randint(1000), fork.rand(), *planes, some.rand(7), random.rand()]


@given(st.integers(0, 2**62), st.lists(st.integers(0, 2**40), min_size=1, max_size=9), st.data())
def test_a_photo_draws_the_same_in_any_batch(key, photos, data):
    whole = draws(KeyedRandom(key, photos))
    rows = data.draw(st.lists(st.sampled_from(range(len(photos))), min_size=1))
    part = draws(KeyedRandom(key, [photos[row] for row in rows]))
    for all_of_them, some in zip(whole, part, strict=True):
        assert torch.equal(all_of_them[rows], some)


@given(st.integers(0, 2**62), st.integers(0, 50), st.integers(1, 50))
def test_what_is_drawn_once_depends_on_the_batch_alone(key, low, width):
    one, other = KeyedRandom(1, [3, 4], batch=key), KeyedRandom(1, [9], batch=key)
    for random in (one, other):
        random.rand()
    drawn = one.fork().once(low, low + width)
    assert drawn == other.fork().once(low, low + width)
    assert low <= drawn < low + width


def test_numbers_are_even_and_do_not_hang_together():
    random = KeyedRandom(mix(1, 2), range(20_000))
    first, second = random.rand(), random.rand(2)
    other = KeyedRandom(mix(1, 3), range(20_000)).rand()
    for drawn in (first, second[:, 0], second[:, 1], other, random.fork().rand()):
        counts = torch.histc(drawn, 20, 0, 1)
        assert ((counts - 1000).square() / 1000).sum() < 45  # chi squared, 19 degrees: 1 in 1000
    table = torch.stack([first, second[:, 0], second[:, 1], other, first.roll(1)])
    off = torch.corrcoef(table) - torch.eye(5)
    assert off.abs().max() < 0.03
    assert set(random.randint(6).tolist()) == set(range(6))
    noise = KeyedRandom(0, range(50)).planes(CPU, 30, 30, normal=True)
    assert float(noise.mean()) == pytest.approx(0, abs=0.02)
    assert float(noise.std()) == pytest.approx(1, abs=0.02)
    assert not torch.equal(noise[0], noise[1])
