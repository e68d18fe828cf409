"""Picture grids: input, actual and predicted photos, and the channel maps of a network's layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray
from PIL import Image

from photochrom.study.activations import Layer
from photochrom.study.colors import Sample
from photochrom.study.style import CHANNEL_MAP, QUIET, save_figure, study_style

__all__ = ["draw_layer", "draw_layers", "draw_samples", "draw_side_by_side"]

Pixels = NDArray[np.uint8]

_GAP = 2  # pixels between two channel maps


def draw_samples(samples: Sequence[Sample], path: Path) -> Path:
    """Draw photos in columns: input above actual above predicted, with each photo's error below."""
    with study_style():
        figure = Figure(figsize=(1.55 * len(samples) + 0.35, 5.05), layout=_tight())
        axes = figure.subplots(3, len(samples), squeeze=False)
        for column, sample in enumerate(samples):
            for row, photo in enumerate((sample.grey, sample.actual, sample.predicted)):
                _show(axes[row][column], photo)
            axes[2][column].set_xlabel(f"MSE {sample.mse:.1f}", fontsize=8.5)
        for row, name in enumerate(("input", "actual", "predicted")):
            axes[row][0].set_ylabel(name, fontsize=9)
        return save_figure(figure, path)


def draw_side_by_side(pictures: Sequence[tuple[str, Pixels]], path: Path) -> Path:
    """Draw pictures beside one another, uint8 RGB 0..255 H×W×3, each with its title."""
    height, width = pictures[0][1].shape[:2]
    with study_style():
        figure = Figure(figsize=(3.4 * len(pictures), 3.4 * height / width + 0.35), layout="constrained")
        for ax, (title, picture) in zip(
            figure.subplots(1, len(pictures), squeeze=False)[0], pictures, strict=True
        ):
            _show(ax, picture)
            ax.set_title(title)
        return save_figure(figure, path)


def draw_layer(layer: Layer, path: Path) -> Path:
    """Draw all channels of one layer, each from its own least (dark) to its greatest value (bright)."""
    maps = layer.output.numpy()
    columns = math.ceil(math.sqrt(len(maps)))
    sheet = _mosaic(maps, columns, tile=max(32, min(128, 1536 // columns)))
    with study_style():
        width = 9.0 if columns > 3 else 2.6 * columns
        figure = Figure(figsize=(width, width * sheet.shape[0] / sheet.shape[1] + 0.55), layout="constrained")
        ax = figure.subplots()
        _show(ax, sheet)
        ax.set_title(describe_layer(layer))
        ax.set_xlabel(
            f"{len(maps)} channels, row by row; values {maps.min():.3g} to {maps.max():.3g}, "
            "each channel from its own least to its greatest",
            fontsize=8, color=QUIET, loc="left", wrap=True,
        )  # fmt: skip
        return save_figure(figure, path)


def draw_layers(layers: Sequence[Layer], path: Path, *, channels: int = 8) -> Path:
    """Draw the most varied channels of every layer, one row for each layer."""
    with study_style():
        figure = Figure(figsize=(9.3, 1.0 * len(layers) + 0.2), layout=_tight())
        for layer, ax in zip(layers, figure.subplots(len(layers), 1, squeeze=False)[:, 0], strict=True):
            maps = layer.output.numpy()
            varied = np.sort(np.argsort(-maps.std(axis=(1, 2)), kind="stable")[:channels])
            strip = _mosaic(maps[varied], channels, tile=128)
            _show(ax, strip)
            ax.set_anchor("W")
            ax.set_ylabel(
                f"{layer.name}\n{len(maps)} ch., {layer.size[1]}×{layer.size[0]}",
                rotation=0, ha="right", va="center", fontsize=8, labelpad=6,
            )  # fmt: skip
        return save_figure(figure, path)


def describe_layer(layer: Layer) -> str:
    """Say in a line what a layer is: name, kind, channels and size."""
    return (
        f"{layer.name}: {layer.kind}, {layer.channels_in} → {layer.channels_out} channels, "
        f"{layer.size[1]}×{layer.size[0]}"
    )


def _mosaic(maps: NDArray[np.float32], columns: int, *, tile: int) -> Pixels:
    """Lay channel maps [C,H,W] out on white, `columns` in a row, each `tile` pixels wide."""
    height = max(1, round(tile * maps.shape[1] / maps.shape[2]))
    rows = math.ceil(len(maps) / columns)
    sheet = np.full((rows * (height + _GAP), columns * (tile + _GAP), 3), 255, np.uint8)
    colours: Any = mpl.colormaps[CHANNEL_MAP]
    for number, one in enumerate(maps):
        low, high = float(one.min()), float(one.max())
        even = (one - low) / (high - low) if high > low else np.zeros_like(one)
        pixels = Image.fromarray(np.round(colours(even)[..., :3] * 255).astype(np.uint8))
        # Small maps keep their pixels, which are what there is to see; large ones are averaged.
        how = Image.Resampling.NEAREST if one.shape[1] <= tile else Image.Resampling.BOX
        top, left = number // columns * (height + _GAP), number % columns * (tile + _GAP)
        sheet[top : top + height, left : left + tile] = np.asarray(pixels.resize((tile, height), how))
    return sheet


def _tight() -> ConstrainedLayoutEngine:
    return ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, wspace=0.015, hspace=0.015)


def _show(ax: Any, picture: Pixels) -> None:
    ax.imshow(picture, interpolation="antialiased")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(False)
