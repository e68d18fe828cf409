"""What must hold for any input whatever: one line or a whole result, and nothing left behind."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom.colorizer import Colorizer
from photochrom.errors import OutputError, PhotochromError
from photochrom.io.formats import JPEG, TIFF
from photochrom.io.picture import Picture
from photochrom.io.reader import PhotoFile
from photochrom.options import Options

__all__ = ["Check", "silent"]

_LONGEST_MESSAGE = 400
_LIMITS = ("image too large", "Maximum supported image dimension")
"""What is said of a photo that is larger than the format of the result allows."""

Image.MAX_IMAGE_PIXELS = None


class Check:
    """Colorizes inputs and says what is wrong with how that went.

    Args:
        colorizer: what to colorize with.
        folder: an empty one to work in.
    """

    def __init__(self, colorizer: Colorizer, folder: Path) -> None:
        self._colorizer = colorizer
        self._sources, self._targets, self._temporary = (folder / name for name in ("in", "out", "tmp"))
        for made in (self._sources, self._targets, self._temporary):
            made.mkdir(exist_ok=True)

    def __call__(
        self, content: bytes, suffix: str, options: Options | None = None, whole: bytes | None = None
    ) -> tuple[str, list[str]]:
        """Colorize one input.

        Args:
            content: of the photo's file.
            suffix: of the target.
            options: for the result.
            whole: what `content` is a beginning of, if it is one: no pixel may be missing then.

        Returns:
            "colorized" or the message of the refusal, and what is wrong, a line each.
        """
        source, target = self._sources / "photo", self._targets / f"result{suffix}"
        source.write_bytes(content)
        wrong: list[str] = []
        with _temporary_files_in(self._temporary), silent(self._temporary.parent / "said") as said:
            try:
                self._colorizer.open(source, max_pixels=(options or Options()).max_pixels).save(target, options)
                outcome = "colorized"
            except PhotochromError as error:
                outcome = str(error)
                wrong += _badly_said(outcome, source, target, error)
            except BaseException as error:
                outcome = f"{type(error).__name__}: {error}"
                wrong.append(f"raised {outcome.splitlines()[0]}")
        if said:
            wrong.append(f"printed {' '.join(said)[:200]!r}")
        if outcome == "colorized":
            wrong += self._badly_written(source, target, options or Options())
            if whole is not None and not _same_pixels(content, whole):
                wrong.append("colorized what is cut short")
            target.unlink(missing_ok=True)
        for folder in (self._targets, self._temporary):
            for left in folder.iterdir():
                wrong.append(f"left {left.name[:12]} in {folder.name}")
                left.unlink()
        return outcome, wrong

    def _badly_written(self, source: Path, target: Path, options: Options) -> list[str]:
        try:
            keeps = target.suffix in JPEG | TIFF
            photo = PhotoFile(
                source,
                upright=not keeps or options.side_by_side,
                long_edge=options.long_edge,
                max_pixels=options.max_pixels,
            )
            result = PhotoFile(target, upright=False)
            rows = sum(len(strip) for strip in result.strips())
            beside = 2 * photo.width + max(4, round(photo.width / 100))
            size = (rows, result.width)
            expected = (photo.height, beside if options.side_by_side else photo.width)
            with Image.open(target) as other:
                other.load()
        except Exception as error:  # the point is to find what nobody thought of
            return [f"wrote what cannot be read: {type(error).__name__}: {error}"]
        finally:
            gc.collect()
        return [] if size == expected else [f"wrote {size} instead of {expected}"]


def _badly_said(message: str, source: Path, target: Path, error: PhotochromError) -> list[str]:
    wrong = []
    if not message.isprintable():
        wrong.append(f"message of more than one line, or unprintable: {message!r}")
    if len(message) > _LONGEST_MESSAGE:
        wrong.append(f"message of {len(message)} characters")
    if not message.startswith((f"{source}:", f"{target}:")):
        wrong.append(f"message names no file: {message}")
    if isinstance(error, OutputError) and not any(words in message for words in _LIMITS):
        wrong.append(f"photo that was read could not be written: {message}")
    return wrong


def _same_pixels(content: bytes, whole: bytes) -> bool:
    one, other = Picture.read(content), Picture.read(whole)
    # Small differences are of a colour profile that lay behind the cut; missing rows make large ones.
    if one.pixels.shape[:2] != other.pixels.shape[:2]:
        return False
    light, right = (picture.lightness() for picture in (one, other))
    return bool(np.abs(light - right).mean() < 2)


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Have libvips and Python put temporary files where any that stay are seen."""
    before = os.environ.get("TMPDIR"), tempfile.tempdir
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before[1]
        if before[0] is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before[0]


@contextmanager
def silent(file: Path) -> Iterator[list[str]]:
    """Catch what C libraries print to the process's standard error; the list is filled at the end."""
    said: list[str] = []
    sys.stderr.flush()
    kept = os.dup(2)
    with file.open("w+b") as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield said
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            caught.seek(0)
            said += caught.read().decode(errors="replace").splitlines()
