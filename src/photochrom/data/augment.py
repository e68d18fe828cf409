"""Random crops and mirror images, made on the device for a whole batch at once."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from photochrom.data.keyed_random import KeyedRandom

__all__ = ["augment", "center_crop", "zoomed"]


def augment(batch: Tensor, size: int, *, flip: bool, random: KeyedRandom) -> Tensor:
    """Cut a random square out of each photo and mirror about half of them.

    Args:
        batch: [B,3,H,W] of any type, H and W at least `size`.
        size: side of the square in pixels.
        flip: whether to mirror photos left to right, each with probability 1/2.
        random: where the randomness comes from; on the CPU, so that no step has to wait for an accelerator.

    Returns:
        [B,3,size,size] of the same type and device, channels last in memory.

    Raises:
        ValueError: if the photos are smaller than `size`.
    """
    count, channels, height, width = batch.shape
    _check(batch, size)

    def draw(below: int) -> Tensor:
        return random.randint(below, 1).to(batch.device, non_blocking=True)

    pixels = torch.arange(size, device=batch.device)
    rows = draw(height - size + 1) + pixels
    columns = draw(width - size + 1) + pixels
    if flip:
        columns = torch.where(draw(2).bool(), columns.flip(1), columns)
    # One look-up of whole pixels in the batch as a list of them, which is faster than an index for each axis.
    # For a batch stored channels last the list is a view.
    listed = batch.permute(0, 2, 3, 1).reshape(-1, channels)
    first = torch.arange(count, device=batch.device)[:, None] * height
    places = (first + rows)[:, :, None] * width + columns[:, None, :]
    return listed.index_select(0, places.flatten()).view(count, size, size, channels).permute(0, 3, 1, 2)


def zoomed(batch: Tensor, size: int, least: int, *, flip: bool, random: KeyedRandom) -> Tensor:
    """Cut squares of one random side out of photos and bring them to another, so that things vary in size.

    Args:
        batch: uint8 [B,3,S,S].
        size: side of the result in pixels.
        least: smallest side that is cut out; the largest is S.
        flip: as `augment`.
        random: as `augment`.

    Returns:
        uint8 [B,3,size,size] on the same device.

    Raises:
        ValueError: if the photos are smaller than `least`.
    """
    _check(batch, least)
    side = random.once(least, min(batch.shape[2:]) + 1)
    batch = augment(batch, side, flip=flip, random=random)
    if side == size:
        return batch
    smooth = functional.interpolate(
        batch.float(), (size, size), mode="bilinear", antialias=side > size, align_corners=False
    )
    return smooth.round().clamp(0, 255).to(torch.uint8)


def center_crop(batch: Tensor, size: int) -> Tensor:
    """Cut the middle size×size pixels out of each photo of [B,3,H,W], as a view.

    Raises:
        ValueError: if the photos are smaller than `size`.
    """
    _check(batch, size)
    top, left = (batch.shape[2] - size) // 2, (batch.shape[3] - size) // 2
    return batch[:, :, top : top + size, left : left + size]


def _check(batch: Tensor, size: int) -> None:
    if not 1 <= size <= min(batch.shape[2:]):
        raise ValueError(f"photos of {batch.shape[2]}×{batch.shape[3]} pixels hold no square of {size}")
