"""JPEG XL by libjxl (imagecodecs, of the extra `formats`)."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.cielab import linear_to_srgb
from photochrom.errors import PhotoError
from photochrom.io import vips
from photochrom.io.bmff import boxes
from photochrom.io.decoders.extra import imagecodecs
from photochrom.io.decoders.jpegxl_header import Header, read_header
from photochrom.io.raster import Raster
from photochrom.io.scale import scaled
from photochrom.io.source import Source, damaged, open_source, read_all
from photochrom.io.unread import unread

__all__ = ["open_jpegxl"]

_ALPHA = 0
_P3 = 11
_BYTES, _FLOAT_BYTES = 30, 75  # of memory per pixel of three channels; measured: up to 18, and 63


def open_jpegxl(source: Source, name: str) -> Raster:
    """Open a JPEG XL file; no more than its header is read.

    Raises:
        PhotoKindError: if the extra is not installed, or the picture is no grey and no RGB.
        PhotoError: if it is damaged, or has brightness beyond sRGB's.
    """
    codecs = imagecodecs(name, "JPEG XL")
    with open_source(source, name) as file:
        header = read_header(file)
        fields = _metadata(file, codecs)
    if header is None:
        raise damaged(name, "its header cannot be read")
    if header.curve in ("PQ", "HLG"):
        raise PhotoError(
            name, f"has the brightness of HDR ({header.curve}), which no photo of sRGB holds", "save it as SDR"
        )
    if set(header.extra) - {_ALPHA} or len(header.extra) > 1:
        raise unread(name, "a JPEG XL with further channels than alpha")
    plain = header.curve in ("sRGB", None)
    dtype = np.float32 if header.is_float else np.uint8 if header.bits <= 8 and plain else np.uint16
    bands = header.channels + len(header.extra)

    def decode() -> NDArray[Any]:
        samples = codecs.jpegxl_decode(read_all(source, name=name), index=0 if header.is_animation else None)
        pixels = samples.reshape(header.height, header.width, bands)
        if header.is_float:
            pixels = pixels.astype(np.float32, copy=False)
        if not plain:
            return _encoded(pixels, header)
        return pixels if header.is_float else scaled(pixels, header.bits)

    if header.primaries == _P3 and header.channels == 3:
        fields["icc-profile-data"] = vips.libvips().profile_load("p3")
    return Raster(
        name,
        ".jxl",
        header.height,
        header.width,
        bands,
        np.dtype(dtype),
        header.height * header.width * (_FLOAT_BYTES if header.is_float else _BYTES),
        decode,
        bits=8 if dtype is np.uint8 else 16 if header.is_float else header.bits,
        fields=fields,
        notes=_notes(header),
    )


def _encoded(pixels: NDArray[Any], header: Header) -> NDArray[Any]:
    """Give colours sRGB's transfer function in place of their own; alpha stays."""
    colours = pixels[..., : header.channels]
    if header.is_float:
        coded: NDArray[Any] = linear_to_srgb(_linear(np.clip(colours, 0, None), header)).astype(np.float32)
    else:
        most = 2**header.bits - 1
        table = np.rint(linear_to_srgb(_linear(np.arange(most + 1) / most, header)) * 65535).astype(np.uint16)
        coded = table[np.minimum(colours, most)]
    if pixels.shape[2] == header.channels:
        return coded
    alpha = pixels[..., header.channels :]
    if not header.is_float:
        alpha = scaled(alpha, header.bits, np.uint16)
    return np.concatenate([coded, alpha], axis=2)


def _linear(values: NDArray[Any], header: Header) -> NDArray[Any]:
    curve = header.curve or ""
    if curve == "BT.709":
        return np.where(values < 0.081, values / 4.5, ((values + 0.099) / 1.099) ** (1 / 0.45))
    if curve == "DCI":
        return values**2.6
    if curve.startswith("gamma "):  # the exponent that encodes
        return values ** (1 / max(0.01, float(curve.split()[1])))
    return values


def _notes(header: Header) -> tuple[str, ...]:
    notes = []
    if header.is_animation:
        notes.append("is an animation; its first frame is colorized, the others are left out")
    if header.curve is None and not header.is_xyb:
        notes.append("its ICC profile is not read from JPEG XL; its colours are taken for sRGB")
    elif header.primaries not in (1, _P3) and header.channels == 3 and header.curve is not None:
        notes.append("its primaries are not sRGB's; its colours are taken for sRGB")
    return tuple(notes)


def _metadata(file: Any, codecs: Any) -> dict[str, Any]:
    """Read EXIF and XMP of the container; a bare codestream has none."""
    fields: dict[str, Any] = {}
    file.seek(0)
    if file.read(2) == b"\xff\x0a":
        return fields
    for box in boxes(file):
        kind, content = box.kind, b""
        if kind in (b"Exif", b"xml ", b"brob"):
            content = box.read(file)
        if kind == b"brob" and len(content) > 4:
            kind = content[:4]
            try:
                content = codecs.brotli_decode(content[4:], out=1 << 24)
            except Exception:  # metadata that are damaged are no reason to refuse the photo
                continue
        if kind == b"Exif" and len(content) > 8:
            (skipped,) = struct.unpack_from(">I", content)
            fields.setdefault("exif-data", bytes(content[4 + skipped :]))
        elif kind == b"xml " and content:
            fields.setdefault("xmp-data", bytes(content))
    return fields
