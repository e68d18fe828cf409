"""The extra `formats`: imagecodecs and tifffile, imported when a file that needs them is met."""

from __future__ import annotations

import logging
from typing import Any

from photochrom.io.unread import needs_extra

__all__ = ["imagecodecs", "tifffile"]

_SILENT = logging.NullHandler()


def imagecodecs(name: str, kind: str) -> Any:
    """Import imagecodecs.

    Args:
        name: the file that needs it.
        kind: of the file, a noun such as "JPEG XL".

    Raises:
        PhotoKindError: if it is not installed.
    """
    try:
        import imagecodecs
    except ImportError as error:
        raise needs_extra(name, kind) from error
    return imagecodecs


def tifffile(name: str, kind: str) -> Any:
    """Import tifffile, and imagecodecs, by which it decodes; see `imagecodecs`."""
    imagecodecs(name, kind)
    try:
        import tifffile
    except ImportError as error:
        raise needs_extra(name, kind) from error
    # What it logs of damage would be printed where nobody has set up logging; what matters of it is an error.
    logging.getLogger("tifffile").addHandler(_SILENT)
    return tifffile
