"""Whether a TIFF's first page is a preview of the second that does not say so: it is looked at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotoError
from photochrom.io import vips
from photochrom.io.decoders.choose import open_raster
from photochrom.io.source import Source
from photochrom.io.tiff_pages import TiffPage, TiffPages

__all__ = ["begins_with_preview"]

_SIDE = 64  # pixels of the copies that are compared
_ALIKE = 0.97  # correlation; pages of one album or text are below 0.9


def begins_with_preview(source: Source, name: str, pages: TiffPages) -> bool:
    """Say whether the first photo is the second, at half its size or less.

    Args:
        source: a path or the file's bytes.
        name: what to call it.
        pages: of the file.
    """
    if len(pages.photos) < 2 or pages.is_raw:
        return False
    first, second = pages.photos[:2]
    halved = 2 * first.width <= second.width and 2 * first.height <= second.height
    slant = abs(first.width * second.height - first.height * second.width)
    if not halved or not first.width or slant > max(second.width, second.height):
        return False
    side = min(_SIDE, first.width, first.height)
    try:
        one, other = (_small(source, name, pages, page, side) for page in (first, second))
    except (PhotoError, vips.libvips().Error):
        return False  # what is wrong shows when it is colorized
    if not (one.std() and other.std()):
        return False
    return float(np.corrcoef(one, other)[0, 1]) > _ALIKE


def _small(source: Source, name: str, pages: TiffPages, page: TiffPage, side: int) -> NDArray[np.float64]:
    raster = open_raster(source, name, pages, page)
    if raster is None:
        image = vips.open_image(source, name=name, access="sequential", **page.where)
    else:
        image = raster.image()
    shrunk = image.cast("float").resize(side / image.width, vscale=side / image.height, kernel="lanczos3")
    flat: NDArray[np.float64] = shrunk[0].numpy().astype(np.float64).ravel()
    return flat
