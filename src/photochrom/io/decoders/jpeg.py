"""JPEG that libvips does not read: of 12 bits, without loss, and JPEG-LS (imagecodecs, of the extra `formats`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.io.decoders.extra import imagecodecs
from photochrom.io.decoders.jpeg_frame import Frame, profile_of, read_frame
from photochrom.io.metadata.exif import orientation_of
from photochrom.io.metadata.file_metadata import FileMetadata
from photochrom.io.raster import Raster
from photochrom.io.scale import scaled
from photochrom.io.source import Source, damaged, open_source, read_all
from photochrom.io.unread import unread

__all__ = ["open_rare_jpeg"]

_LOSSLESS, _LS = 0xC3, 0xF7
_READ = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)  # baseline, extended and progressive, by Huffman or arithmetic coding
_SCAN, _END = b"\xff\xda", b"\xff\xd9"
_BYTES = 8  # of memory per sample; measured: 1.6 (JPEG-LS) to 6.3 (12 bits)


def open_rare_jpeg(source: Source, name: str) -> Raster | None:
    """Open a JPEG of a rare kind; no more than its header is read.

    Returns:
        None for what libvips reads, or finds damaged.

    Raises:
        PhotoKindError: if the extra is not installed, or nobody here reads the kind.
    """
    with open_source(source, name) as file:
        frame = read_frame(file)
        if frame is None or (frame.kind in _READ and frame.bits == 8):
            return None
        profile = profile_of(file)
    kind = _kind(frame)
    if frame.kind not in (*_READ, _LOSSLESS, _LS) or frame.components not in (1, 3):
        raise unread(name, kind)
    codecs = imagecodecs(name, kind)

    def decode() -> NDArray[Any]:
        content = read_all(source, name=name)
        if content.rfind(_END) < content.rfind(_SCAN):  # its decoders fill up with grey, and say nothing
            raise damaged(name, "its data end too early")
        if frame.kind == _LS:
            samples = codecs.jpegls_decode(content)
        elif frame.kind == _LOSSLESS:
            samples = _lossless(codecs, content)
        else:
            samples = codecs.jpeg_decode(content, bitspersample=frame.bits)
        return scaled(samples.reshape(frame.height, frame.width, frame.components), frame.bits)

    return Raster(
        name,
        ".jls" if frame.kind == _LS else ".jpg",
        frame.height,
        frame.width,
        frame.components,
        np.dtype(np.uint8 if frame.bits <= 8 else np.uint16),
        frame.height * frame.width * frame.components * _BYTES,
        decode,
        bits=frame.bits,
        fields={"icc-profile-data": profile},
        orientation=_orientation(source),
    )


def _orientation(source: Source) -> int:
    return orientation_of(FileMetadata.read(source if isinstance(source, bytes) else Path(source)).exif)


def _lossless(codecs: Any, content: bytes) -> NDArray[Any]:
    try:
        samples: NDArray[Any] = codecs.ljpeg_decode(content)
    except Exception:  # another decoder knows kinds that this one does not
        samples = codecs.jpegsof3_decode(content)
    return samples


def _kind(frame: Frame) -> str:
    if frame.kind == _LS:
        return f"JPEG-LS of {frame.bits} bits"
    if frame.kind == _LOSSLESS:
        return f"a JPEG without loss, of {frame.bits} bits"
    if frame.kind in _READ:
        return f"a JPEG of {frame.bits} bits"
    return f"a JPEG of a rare kind (frame {frame.kind - 0xC0})"
