"""The photos that a run trains and tests on: found, parted, loaded or streamed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from photochrom.color.cielab import rgb_to_lab
from photochrom.data.augment import center_crop
from photochrom.data.decode import default_workers
from photochrom.data.photos import PhotoRef, find_photos, split_draw, split_photos
from photochrom.data.photoset import PhotoSet
from photochrom.data.stream import PhotoStream, find_shards
from photochrom.errors import DataError, RecipeError
from photochrom.training.recipe import Recipe

__all__ = ["data_fingerprint", "grey_loss", "load_data", "open_stream"]

_LOOK = 1000  # photos of a stream that tell what a grey answer is worth


def load_data(
    recipe: Recipe,
    data: str | Path | Sequence[str | Path],
    device: torch.device,
    *,
    reserve: int = 0,
    progress: Callable[[int, int], None] | None = None,
    sharing: int = 1,
    known: tuple[PhotoSet, PhotoSet | None] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[PhotoSet, PhotoSet | None]:
    """Find, split and load the photos that a recipe trains and tests on.

    Where the data names no part and none of the photos that are put aside for testing can be used, those that the
    split would put aside next take their place.

    Args:
        recipe: says how many, and how large they are held.
        data: a folder, a shard, a URL pattern, or several; see `find_photos`.
        device: where they are held if they fit.
        reserve: bytes on the device that training itself will need.
        progress: called with (photos done, photos in all).
        sharing: how many processes of this machine load them, each for itself.
        known: what an earlier call gave for fewer photos; none of them is decoded again.
        say: called with what the user should know, a line each.

    Raises:
        DataError: if the data cannot be used.
    """
    known_training, known_testing = known or (None, None)
    found = find_photos(data, say=say)
    named = any(ref.part is not None for ref in found)
    train_refs, test_refs = split_photos(found, test_fraction=recipe.test_fraction, seed=recipe.seed)
    if named and not train_refs:
        raise DataError(
            None,
            f"all {len(test_refs)} photos are marked for testing by their folder or shard",
            "add some to train on",
        )
    if not train_refs and recipe.test_fraction < 1:  # a hash may put all of a few aside
        train_refs, test_refs = test_refs, []

    def load(refs: Sequence[PhotoRef], size: int, limit: int | None, known: PhotoSet | None) -> PhotoSet:
        ways: dict[str, Any] = {"device": device, "reserve": reserve, "progress": progress, "known": known}
        ways["sharing"] = sharing
        return PhotoSet.load(refs, size, limit=limit, none_is_fine=True, **ways)

    testing = None
    if recipe.test_photos != 0 and (test_refs or (recipe.test_fraction > 0 and not named)):
        testing = load(test_refs, recipe.size, recipe.test_photos, known_testing)
        if not len(testing) and not named and len(train_refs) > 1:
            # In a small folder a hash puts few aside, and all of these may be grey or damaged.
            share = max(1, min(round(recipe.test_fraction * len(found)), len(train_refs) // 2))
            line = [*test_refs, *sorted(train_refs, key=partial(split_draw, seed=recipe.seed))]
            limit = min(share, recipe.test_photos or share)
            testing = load(line, recipe.size, limit, known_testing)
            looked_at = {*testing.keys, *(photo.key for photo in testing.skipped)}
            train_refs = [ref for ref in train_refs if ref.key not in looked_at]
        elif not len(testing) and not named:
            testing, train_refs = None, [*test_refs, *train_refs]  # the former to be named among those left out
    size = recipe.crop_from or recipe.size
    training = load(train_refs, size, recipe.photos, known_training)
    if not len(training) and not named and testing is not None and len(testing):
        training, testing = load(found, size, recipe.photos, None), None  # too few to be parted
    if not len(training):
        skipped = [*training.skipped, *(testing.skipped if testing is not None else ())]
        reasons = "; ".join(photo.error.statement for photo in skipped[:3])
        tested = len(testing or ())
        of = f" but {tested} to test with" if tested else ""
        raise DataError(None, f"none of {len(found)} photos{of} can be used: {reasons}", "give other photos")
    if testing is not None and not len(testing) and named:
        reasons = "; ".join(photo.error.statement for photo in testing.skipped[:3])
        raise DataError(
            None,
            f"none of the {len(test_refs)} photos for testing can be used, of {len(found)}: {reasons}",
            "give others for testing, or train without (--set test_photos=0)",
        )
    return training, testing


def open_stream(
    recipe: Recipe, data: str | Path | Sequence[str | Path], device: torch.device, *, reserve: int, sharing: int
) -> tuple[PhotoStream, PhotoSet | None]:
    """Open the shards that a recipe streams, and load the photos that it tests on.

    Args:
        recipe: with a `shuffle_buffer`.
        data: shards; see `find_shards`.
        device: where photos go.
        reserve: bytes on the device that training itself will need.
        sharing: how many processes of this machine do so, each for itself.

    Raises:
        DataError: if the shards cannot be used.
        RecipeError: if the recipe cannot be streamed.
    """
    assert recipe.shuffle_buffer is not None
    if recipe.photos is not None:
        raise RecipeError("photos", "has no effect where shards are streamed", "name fewer shards")
    training, test_refs = PhotoStream.open(
        find_shards(data),
        recipe.crop_from or recipe.size,
        device=device,
        buffer=recipe.shuffle_buffer,
        test_fraction=0.0 if recipe.test_photos == 0 else recipe.test_fraction,
        seed=recipe.seed,
        workers=max(1, default_workers() // sharing),
    )
    if not test_refs or recipe.test_photos == 0:
        return training, None
    testing = PhotoSet.load(
        test_refs, recipe.size, limit=recipe.test_photos, device=device, reserve=reserve, sharing=sharing
    )
    return training, testing


def data_fingerprint(training: PhotoSet | PhotoStream, testing: PhotoSet | None) -> str:
    """Return a text that differs where the photos of a run differ."""
    return "-".join(photos.fingerprint for photos in (training, testing) if photos is not None)


def grey_loss(
    photos: PhotoSet | PhotoStream, recipe: Recipe, loss_of: Callable[[Tensor, Tensor], Tensor]
) -> float:
    """Return the loss of a network that always answers grey: what a trained one has to beat."""
    total, looked_at = 0.0, len(photos) if isinstance(photos, PhotoSet) else min(len(photos), _LOOK)
    for batch in photos.batches(range(looked_at), recipe.batch):
        ab = rgb_to_lab(center_crop(batch, recipe.size), axis=1)[:, 1:]
        total += float(loss_of(torch.zeros_like(ab), ab)) * len(batch)
    return total / looked_at
