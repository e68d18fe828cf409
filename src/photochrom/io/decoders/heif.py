"""HEIF of HEVC pictures, such as phones' HEIC, by libheif and libde265 (`pi-heif`, which decodes only)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotoError
from photochrom.io import bmff, vips
from photochrom.io.raster import Raster
from photochrom.io.scale import scaled
from photochrom.io.source import Source, damaged, open_source, read_all
from photochrom.io.unread import unread

__all__ = ["open_heif", "reads_heif"]

_OTHERS = {b"jpeg": "JPEG", b"j2k1": "JPEG 2000", b"vvc1": "VVC", b"avc1": "AVC", b"unci": "uncompressed pictures"}
_BRIGHTNESS = {16: "PQ", 18: "HLG"}
_P3, _SRGB_CURVE = 12, 13
_BYTES = {8: 10, 16: 26}  # of memory per pixel, by bits of a sample; measured: 6 and 19


def reads_heif(source: Source, name: str) -> bool:
    """Say whether a HEIF file is of HEVC pictures; one of AV1 (AVIF) is libvips' to read.

    Raises:
        PhotoKindError: if its pictures are of a kind that nobody here reads.
        PhotoError: if it cannot be read.
    """
    with open_source(source, name) as file:
        kinds = bmff.item_kinds(file)
        if kinds & {b"hvc1", b"hev1"}:
            return True
        brands = bmff.find_box(file, b"ftyp")
        said = b"" if brands is None else brands.read(file)
        frames = bmff.frames_of_sequence(file)
    if b"av01" in kinds or b"avif" in said or b"avis" in said:
        return False
    for kind, words in _OTHERS.items():
        if kind in kinds:
            raise unread(name, f"a HEIF of {words}")
    if not kinds and frames:
        raise unread(name, "a HEIF sequence without a still picture")
    return True  # its damage shows where it is opened


def open_heif(source: Source, name: str) -> Raster:
    """Open a HEIF file; no more than its header is read.

    Raises:
        PhotoError: if it is damaged, or has brightness beyond sRGB's.
    """
    import pi_heif

    with open_source(source, name) as file:
        frames = bmff.frames_of_sequence(file)
    try:
        # As whole bytes: libheif would read from the file while it decodes.
        heif = pi_heif.open_heif(read_all(source, name=name), convert_hdr_to_8bit=False, hdr_to_16bit=False)
        bits = int(heif.info["bit_depth"])
        channels = len(heif.mode.partition(";")[0])
    except Exception as error:  # libheif's own, and any that a damaged file raises in between
        raise damaged(name, error) from error
    width, height = heif.size
    dtype = np.uint8 if bits <= 8 else np.uint16

    def decode() -> NDArray[Any]:
        pixels = np.asarray(heif)
        return scaled(pixels.reshape(height, width, -1), bits)

    return Raster(
        name,
        ".heic",
        height,
        width,
        channels,
        np.dtype(dtype),
        height * width * _BYTES[8 if bits <= 8 else 16],
        decode,
        bits=bits,
        fields={
            "exif-data": heif.info.get("exif"),
            "xmp-data": heif.info.get("xmp"),
            "icc-profile-data": _profile(heif.info, name),
        },
        notes=_left_out(len(heif), frames),
    )


def _profile(info: dict[str, Any], name: str) -> bytes | None:
    colours = info.get("nclx_profile") or {}
    curve = _BRIGHTNESS.get(colours.get("transfer_characteristics", 0))
    if info.get("icc_profile"):
        return bytes(info["icc_profile"])
    if curve is not None:
        raise PhotoError(
            name, f"has the brightness of HDR ({curve}), which no photo of sRGB holds", "save it as SDR"
        )
    if colours.get("color_primaries") == _P3 and colours.get("transfer_characteristics") == _SRGB_CURVE:
        profile: bytes = vips.libvips().profile_load("p3")
        return profile
    return None


def _left_out(pictures: int, frames: int) -> tuple[str, ...]:
    notes = []
    if pictures > 1:
        notes.append(f"has {pictures} pictures; the main one is colorized, the others are left out")
    if frames > 1:
        notes.append(f"has a sequence of {frames} frames, which is left out; its still picture is colorized")
    return tuple(notes)
