"""The pictures of a report: a few photos as they are and as every row makes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.errors import OutputError
from photochrom.evaluation.measure import Measurer
from photochrom.io.atomic import make_folder, replace_file

__all__ = ["write_gallery"]


def write_gallery(
    results: dict[str, Any], photos: Mapping[str, NDArray[np.uint8]], measurer: Measurer, output: Path
) -> None:
    """Write the gallery's pictures as WebP, and their paths into the results.

    Args:
        results: of `compile_results`; each entry of its gallery gets `pictures`, paths below `output`.
        photos: by key, those that the gallery names.
        measurer: makes the pictures again, since those of all photos would fill the disk.
        output: the evaluation's folder; pictures go to `gallery/` in it.

    Raises:
        OutputError: if they cannot be written.
    """
    folder = output / "gallery"
    make_folder(folder)
    drawn: dict[str, dict[str, str]] = {}
    for entry in results["gallery"]:
        key = entry["key"]
        if key not in drawn:
            pictures = {"actual": photos[key], **measurer.pictures(photos[key])}
            # Names of photos and networks may hold anything, so files have numbers.
            paths = {name: f"gallery/{len(drawn):03}-{at}.webp" for at, name in enumerate(pictures)}
            for name, path in paths.items():
                _save(pictures[name], output / path)
            drawn[key] = paths
        entry["pictures"] = drawn[key]


def _save(picture: NDArray[np.uint8], path: Path) -> None:
    try:
        with replace_file(path) as temporary:
            Image.fromarray(picture).save(temporary, "WEBP", quality=88, method=4)
    except OSError as error:
        raise OutputError(path, f"cannot be written ({error.strerror})", "choose another --output") from error
