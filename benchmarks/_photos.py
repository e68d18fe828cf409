"""Large photos to measure with: an example laid like tiles, with film grain, as rich in detail as real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).parents[1] / "examples" / "temple.jpg"
GRAIN = 6.0  # steps of 8 bits; a 24-megapixel JPEG then has about 10 MB, as a camera's file does


def make_photo(path: Path, width: int, height: int, *, wide: bool = False, **options: Any) -> Path:
    """Write a grey photo of any size, of 8 or (`wide`) 16 bits; `options` are those of libvips' saver."""
    from photochrom.io.vips import libvips

    vips = libvips()
    photo = vips.Image.new_from_file(str(EXAMPLE))[0]
    photo = photo.resize(2, kernel="cubic")  # no lens resolves single pixels
    photo = photo.replicate(width // photo.width + 1, height // photo.height + 1).crop(0, 0, width, height)
    grain = vips.Image.gaussnoise(width, height, mean=0, sigma=GRAIN).gaussblur(0.6)
    photo = photo.cast("float") + grain
    if wide:
        photo = (photo * 257).cast("ushort").copy(interpretation="grey16")
    else:
        photo = photo.cast("uchar").copy(interpretation="b-w")
    photo.write_to_file(str(path), **options)
    return path
