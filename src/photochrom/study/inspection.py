"""Pictures of what each layer of a trained network does with one photo."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from photochrom.color.cielab import lab_to_rgb, quantize, stack_lab
from photochrom.errors import NetworkError, OutputError, RecipeError
from photochrom.io.picture import Picture
from photochrom.io.vips import resize_array
from photochrom.study.activations import trace_layers
from photochrom.study.pictures import draw_layer, draw_layers, draw_side_by_side
from photochrom.training import load_checkpoint

__all__ = ["inspect_checkpoint"]


def inspect_checkpoint(
    checkpoint: str | Path,
    photo: str | Path,
    output: str | Path,
    *,
    size: int | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Draw the activations of each layer for one photo.

    Args:
        checkpoint: a run's folder or its checkpoint file, of any registered network.
        photo: in colour or not; the network sees its lightness.
        output: folder for ``00-photo.png`` (input and proposed picture), one numbered PNG for each layer with all
            of its channels, and ``layers.png`` with the most varied channels of all layers.
        size: longer side in pixels that the network sees; None for the size that it was trained at. A smaller
            photo is not enlarged.
        overwrite: replace pictures that are there already.

    Returns:
        The pictures' paths.

    Raises:
        CheckpointError: if the checkpoint is missing or damaged.
        NetworkError: if the network takes more than lightness.
        OutputError: if a picture cannot be written, or is there already.
        PhotoError: if the photo cannot be read.
        RecipeError: if `size` is impossible.
    """
    loaded = load_checkpoint(checkpoint)
    size = loaded.recipe.size if size is None else size
    if not 1 <= size <= 4096:
        raise RecipeError(f"--size {size}", "must be from 1 to 4096", "give another size")
    lightness = _shrunk_lightness(photo, size)
    planes = torch.from_numpy(lightness)[None, None]
    try:
        layers = trace_layers(loaded.network, planes)
    except NetworkError as error:
        raise NetworkError(checkpoint, f"{loaded.recipe.network}: {error.problem}", error.remedy) from error
    with torch.no_grad():
        ab = loaded.network(planes)[0].permute(1, 2, 0).numpy()

    folder = Path(output)
    names = [f"{number:02d}-{_file_name(layer.name)}.png" for number, layer in enumerate(layers, start=1)]
    targets = [folder / name for name in ("00-photo.png", *names, "layers.png")]
    there = [path for path in targets if path.exists()]
    if there and not overwrite:
        raise OutputError(there[0], "exists already", "choose another --output or add --overwrite")
    pictures = [("input", _picture(lightness, np.zeros_like(ab))), ("proposed", _picture(lightness, ab))]
    draw_side_by_side(pictures, targets[0])
    for layer, path in zip(layers, targets[1:-1], strict=True):
        draw_layer(layer, path)
    draw_layers(layers, targets[-1])
    return targets


def _shrunk_lightness(photo: str | Path, size: int) -> NDArray[np.float32]:
    """Read a photo's lightness 0..100 as h×w, the longer side at most `size`."""
    whole = Picture.read(photo).lightness()
    height, width = whole.shape
    shrink = min(1.0, size / max(height, width))
    rows, columns = max(1, round(height * shrink)), max(1, round(width * shrink))
    small: NDArray[np.float32] = resize_array(whole, rows, columns)(0, rows)[..., 0]
    return np.clip(small, 0, 100).astype(np.float32)


def _picture(lightness: NDArray[np.float32], ab: NDArray[np.float32]) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = quantize(lab_to_rgb(stack_lab(lightness, ab)), np.uint8)
    return pixels


def _file_name(layer: str) -> str:
    return re.sub(r"[^\w.-]+", "_", layer)
