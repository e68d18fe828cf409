from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from photochrom.data.augment import augment, center_crop
from photochrom.data.keyed_random import KeyedRandom


def numbered(count: int, height: int, width: int) -> torch.Tensor:
    """Photos in which each pixel says where it is: (photo, row, column)."""
    axes = (torch.arange(n, dtype=torch.uint8) for n in (count, height, width))
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).permute(0, 3, 1, 2)


@given(
    st.integers(1, 6), st.integers(1, 20), st.integers(0, 9), st.integers(0, 9), st.booleans(), st.integers(0, 99)
)
def test_every_photo_keeps_its_own_pixels_as_one_square(count, size, taller, wider, flip, seed):
    out = augment(
        numbered(count, size + taller, size + wider), size, flip=flip, random=KeyedRandom(seed, range(count))
    )
    assert out.shape == (count, 3, size, size)
    assert out.dtype == torch.uint8
    assert out.is_contiguous(memory_format=torch.channels_last)
    photo, row, column = out.int().unbind(1)
    assert (photo == torch.arange(count)[:, None, None]).all()
    assert (row.diff(dim=1) == 1).all()
    assert (row.diff(dim=2) == 0).all()
    assert (column.diff(dim=1) == 0).all()
    steps = column.diff(dim=2)
    assert (steps == steps[:, :1, :1]).all()
    assert steps.abs().eq(1).all()
    assert flip or (steps == 1).all()
    assert int(row.max()) < size + taller
    assert int(column.max()) < size + wider


def test_the_generator_decides():
    batch = numbered(8, 30, 30)
    assert torch.equal(
        augment(batch, 20, flip=True, random=KeyedRandom(1, range(len(batch)))),
        augment(batch, 20, flip=True, random=KeyedRandom(1, range(len(batch)))),
    )
    assert not torch.equal(
        augment(batch, 20, flip=True, random=KeyedRandom(1, range(len(batch)))),
        augment(batch, 20, flip=True, random=KeyedRandom(2, range(len(batch)))),
    )


def test_all_places_are_drawn_and_half_are_mirrored():
    out = augment(numbered(250, 8, 7), 5, flip=True, random=KeyedRandom(0, range(250)))
    mirrored = out[:, 2, 0, 0] > out[:, 2, 0, -1]
    assert 90 < int(mirrored.sum()) < 160
    assert set(out[:, 1, 0, 0].tolist()) == {0, 1, 2, 3}
    assert set(out[:, 2, 0].amin(1).tolist()) == {0, 1, 2}


def test_center_crop():
    out = center_crop(numbered(2, 9, 12), 5)
    assert out.shape == (2, 3, 5, 5)
    assert out[1, :, 0, 0].tolist() == [1, 2, 3]
    assert torch.equal(center_crop(numbered(2, 5, 5), 5), numbered(2, 5, 5))


def test_photos_that_are_too_small():
    with pytest.raises(ValueError, match="hold no square of 6"):
        augment(numbered(1, 5, 9), 6, flip=False, random=KeyedRandom(0, range(1)))
    with pytest.raises(ValueError, match="hold no square of 6"):
        center_crop(numbered(1, 9, 5), 6)
