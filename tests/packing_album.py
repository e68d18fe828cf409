"""An album to pack into shards: photos to learn from, and one of each kind that is left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from photochrom.data.packing.verify import read_lines


def colourful(seed: int, width: int = 180, height: int = 150) -> Image.Image:
    """Soft colours under grain, as a photo's."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 7, 3), dtype=np.uint8))
    soft = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.float64)
    return Image.fromarray(np.clip(soft + rng.normal(0, 6, (height, width, 1)), 0, 255).astype(np.uint8))


def drawn() -> Image.Image:
    image = Image.new("RGB", (300, 300), (240, 220, 60))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 200, 300, 300), fill=(30, 140, 60))
    for place in range(20, 280, 40):
        draw.ellipse((place, place, place + 60, place + 90), fill=(200, 30, 40), outline=(0, 0, 0), width=4)
    return image


def cut_out() -> Image.Image:
    image = Image.new("RGB", (300, 300), (255, 255, 255))
    image.paste(colourful(50), (60, 70))
    return image


def saved(image: Image.Image, path: Path, **options) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path.read_bytes()


@pytest.fixture
def album(tmp_path: Path) -> dict[str, bytes]:
    """Five photos to pack, and one of each kind to leave out, below `tmp_path / "in"`."""
    folder = tmp_path / "in"
    good = {f"a/{seed}.jpg": saved(colourful(seed), folder / f"a/{seed}.jpg", quality=92) for seed in range(4)}
    good["b/4.png"] = saved(colourful(4), folder / "b/4.png")
    saved(colourful(1).resize((220, 183)), folder / "c/copy.jpg", quality=70)
    saved(colourful(7).convert("L"), folder / "c/grey.jpg")
    saved(colourful(8, 90, 140), folder / "c/small.jpg")
    saved(drawn(), folder / "c/drawing.png")
    saved(cut_out(), folder / "c/cut-out.jpg")
    (folder / "c/broken.jpg").write_bytes(good["a/0.jpg"][:500])
    (folder / "c/notes.txt").write_text("no photo")
    (folder / ".hidden.jpg").write_bytes(good["a/0.jpg"])
    return good


def lines_of(folder: Path) -> list[dict]:
    return [line for path in sorted(folder.glob("photos-*.jsonl")) for line in read_lines(path)]


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder of shards but for the state."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name[0] != "."}
