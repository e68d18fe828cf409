"""Which colour space a file's numbers are in, wherever the file says it, and how they become sRGB or grey.

Of several statements the first of these holds: PNG's cICP; an ICC profile; PNG's sRGB; PNG's gAMA and cHRM (PNG,
third edition, 4.3), and what BMP, TIFF and HEIF have in their stead; EXIF's colour space and DCF's option file.
All but sRGB itself become an ICC profile, so that there is one way to convert. Numbers of which nothing is said
are sRGB's.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.errors import PhotoError
from photochrom.io import vips
from photochrom.io.bmp_color import read_bmp_color
from photochrom.io.cicp import CodePoints, read_nclx
from photochrom.io.icc import (
    SRGB,
    SRGB_CURVE,
    Chromaticities,
    color_space,
    gamma_curve,
    grey_table,
    is_complete,
    make_profile,
    matrix_tables,
    table_curve,
)
from photochrom.io.metadata import png
from photochrom.io.metadata.color_tags import ColorTags
from photochrom.io.metadata.file_metadata import FileMetadata
from photochrom.io.metadata.tiff import opened

__all__ = ["ColorEncoding", "to_srgb"]

_ADOBE_RGB = Chromaticities(SRGB.white, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
_ADOBE_RGB_GAMMA = 2 + 51 / 256  # Adobe RGB (1998), 4.3.4.2

_USUAL_GAMMA = 2.2
_GAMMA_TOLERANCE = 0.0125  # relative; files round 1/2.2, by which they mean sRGB's curve, to 0.45 or 0.46
_GAMMAS = (0.1, 10.0)  # that are believed

_PNG_CHUNKS = {b"cICP": 4, b"iCCP": None, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32}  # and their lengths
_MOST_BYTES = 1 << 26  # of a profile, which may be compressed a thousandfold


@dataclass(frozen=True)
class ColorEncoding:
    """What a file's numbers mean.

    Attributes:
        profile: an ICC profile to convert them from; None if they are sRGB's.
        stated: whether the file says what they are; a result then says that its own are sRGB's.
        notes: of what it says and cannot be followed.
    """

    profile: bytes | None = None
    stated: bool = False
    notes: tuple[str, ...] = ()

    @classmethod
    def read(
        cls,
        header: Any,
        source: str | Path | bytes,
        said: FileMetadata,
        *,
        format: str | None,
        bands: int,
        at: int | None = None,
        name: str,
    ) -> ColorEncoding:
        """Find out what a file's numbers are.

        Args:
            header: the file as libvips opened it.
            source: the file or its bytes, for what libvips does not read.
            said: its EXIF and XMP.
            format: usual suffix of its kind.
            bands: 1 grey, 3 RGB or CIELAB, 4 CMYK; without alpha.
            at: where the directory of a TIFF's page begins; None for the first.
            name: what to call it in a message.

        Raises:
            PhotoError: if they are of high dynamic range, or of a kind that photochrom does not know.
        """
        chunks = _png_chunks(source) if format == ".png" else {}
        notes: list[str] = []
        if b"cICP" in chunks and bands < 4:
            primaries, transfer, matrix, full = chunks[b"cICP"]
            if matrix == 0:
                return cls(_of_points(CodePoints(primaries, transfer, 0, full == 1), bands, name), True)
            notes.append("its cICP is invalid, and was left aside")
        profile = header.get("icc-profile-data") if header.get_typeof("icc-profile-data") else None
        # libpng passes over a profile that it dislikes, as one of RGB in a grey PNG.
        profile = _inflated(chunks[b"iCCP"]) if b"iCCP" in chunks else profile
        bmp = read_bmp_color(source) if format == ".bmp" else None
        profile = bmp.profile if bmp is not None and bmp.profile else profile
        if profile is not None:
            if not _fits(profile, bands, format):
                notes.append("its ICC profile is not of its kind of colours, and was left aside")
            elif not _works(profile, bands):
                notes.append("its ICC profile is damaged, and was left aside")
            else:
                return cls(profile, True)
        if bmp is not None and bmp.linked:
            notes.append("its ICC profile is in another file, and was left aside")
        made, stated = None, profile is not None or b"sRGB" in chunks
        if bands < 4 and header.interpretation not in ("lab", "labs") and b"sRGB" not in chunks:
            if b"gAMA" in chunks or b"cHRM" in chunks:
                made, stated = _of_png(chunks, bands, notes), True
            elif bmp is not None and bmp.gammas:
                made = _of_gammas(bmp.gammas, bmp.chromaticities, bands)
            elif format in (".avif", ".heic") and (points := read_nclx(source)) is not None:
                made = _of_points(points, bands, name)
            if made is None and not stated and format == ".tif":
                made = _of_tiff(ColorTags.of_tiff(source, at), bands, header, notes)
            if made is None and not stated:
                made = _of_exif(ColorTags.of_metadata(said), bands)
        return cls(made, stated or made is not None, tuple(notes))


def to_srgb(image: Any, profile: bytes | None) -> Any:
    """Convert an image to sRGB, or to grey where it has one band, in its own 8 or 16 bits.

    Args:
        image: of 1, 3 or 4 bands, no alpha.
        profile: of its numbers, from `ColorEncoding`; None if they are sRGB's, or say themselves what they are, as
            CMYK and CIELAB do.
    """
    wide = image.format == "ushort"
    plain = "rgb16" if wide else "srgb"
    grey = image.bands == 1
    if profile is not None:
        if color_space(profile) == b"GRAY":
            table = grey_table(profile, 65536 if wide else 256)
            if table is not None:
                kind = ("grey16" if wide else "b-w") if grey else plain
                return image.maplut(vips.image_from_array(table[None])).copy(interpretation=kind)
        elif grey:
            image = image.bandjoin([image, image]).copy(interpretation=plain)
        tables = matrix_tables(profile, 65536) if wide and image.bands == 3 else None
        if tables is not None:
            light = image.maplut(vips.libvips().Image.new_from_array(tables[0][None]))
            converted = light.recomb(tables[1].tolist()).copy(interpretation="scrgb").colourspace("rgb16")
        else:
            image = image.copy()
            image.set_type(vips.libvips().GValue.blob_type, "icc-profile-data", profile)
            converted = image.icc_transform("srgb", embedded=True, depth=16 if wide else 8)
        # Grey gives three equal bands; one of them says it all.
        return converted[1].copy(interpretation="grey16" if wide else "b-w") if grey else converted
    if image.interpretation in ("b-w", "grey16", "srgb", "rgb16", "rgb"):
        return image
    if grey:
        return image.copy(interpretation="grey16" if wide else "b-w")
    return image.colourspace("rgb16" if image.interpretation == "labs" else plain)


def _fits(profile: bytes, bands: int, format: str | None) -> bool:
    """Tell whether a profile is of a photo's kind of colours (ICC.1, 7.2.6)."""
    fitting = {b"GRAY": (1,), b"RGB ": (1, 3), b"CMYK": (4,), b"Lab ": (3,)}.get(color_space(profile), ())
    # WebP has no grey, and of AVIF libvips makes three bands; a grey profile's curve is then that of each.
    return bands in fitting or (color_space(profile) == b"GRAY" and format in (".webp", ".avif", ".heic"))


def _works(profile: bytes, bands: int) -> bool:
    """Look into a profile that fits, and try it on a pixel; for a lame one libvips takes another unsaid."""
    if not is_complete(profile):
        return False
    pixel = vips.image_from_array(np.full((1, 1, bands), 128, np.uint8))
    try:
        to_srgb(pixel.copy(interpretation="cmyk") if bands == 4 else pixel, profile).avg()
    except vips.libvips().Error:
        return False
    return True


def _made(curves: Sequence[bytes], chromaticities: Chromaticities | None, bands: int) -> bytes | None:
    if bands == 1:
        return make_profile(curves[:1])
    return make_profile(curves, chromaticities or SRGB)


def _of_points(points: CodePoints, bands: int, name: str) -> bytes | None:
    if points.hdr is not None:
        raise PhotoError(
            name,
            f"is HDR ({points.hdr}): its numbers say how bright a screen shall be, not how light a print is",
            "convert it to SDR, such as sRGB, first",
        )
    if not points.full_range:
        raise PhotoError(name, "has numbers of video's narrow range", "save it with the full range")
    if points.encoding is None:
        codes = f"{points.primaries} and {points.transfer}"
        raise PhotoError(name, f"has colours that are not known (H.273's code points {codes})", "save it as sRGB")
    curve, chromaticities = points.encoding
    if curve == SRGB_CURVE and (bands == 1 or chromaticities == SRGB):
        return None
    return _made([curve], chromaticities, bands)


def _of_png(chunks: dict[bytes, bytes], bands: int, notes: list[str]) -> bytes | None:
    gammas: tuple[float, ...] = ()
    chromaticities = None
    if b"gAMA" in chunks:
        (number,) = struct.unpack(">I", chunks[b"gAMA"])
        gammas = (100_000 / number if number else 0.0,)
    if b"cHRM" in chunks:
        points = [number / 100_000 for number in struct.unpack(">8I", chunks[b"cHRM"])]
        chromaticities = Chromaticities(*zip(points[::2], points[1::2], strict=True))
    if gammas and not _GAMMAS[0] <= gammas[0] <= _GAMMAS[1]:
        notes.append("its gAMA is no gamma, and was left aside")
        gammas = ()
    if bands > 1 and chromaticities is not None and chromaticities.to_d50() is None:
        notes.append("its cHRM spans no colours, and was left aside")
        chromaticities = None
    return _of_gammas(gammas, chromaticities, bands)


def _of_gammas(gammas: Sequence[float], chromaticities: Chromaticities | None, bands: int) -> bytes | None:
    """Make a profile of exponents, one or three; without any, the curve is sRGB's."""
    usual = all(abs(gamma / _USUAL_GAMMA - 1) <= _GAMMA_TOLERANCE for gamma in gammas)
    if usual and (bands == 1 or chromaticities is None or chromaticities.is_near(SRGB)):
        return None
    return _made([gamma_curve(gamma) for gamma in gammas] or [SRGB_CURVE], chromaticities, bands)


def _of_tiff(tags: ColorTags, bands: int, header: Any, notes: list[str]) -> bytes | None:
    """Follow TIFF's tags of colorimetry (TIFF 6.0, section 20)."""
    top = 2 ** int(header.get("bits-per-sample") if header.get_typeof("bits-per-sample") else 8)
    blacks, whites = tags.reference[::2], tags.reference[1::2]
    if header.interpretation in ("srgb", "rgb16") and (any(blacks) or any(white != top - 1 for white in whites)):
        notes.append("its ReferenceBlackWhite was left aside")
    curves: list[bytes] = []
    if tags.transfer:
        count = len(tags.transfer) // top
        tables = [tags.transfer[n * top : (n + 1) * top] for n in range(count)]
        if len(tags.transfer) == top * count and count in (1, 3) and all(t[0] < t[-1] for t in tables):
            curves = [table_curve(table) for table in tables]
        else:
            notes.append("its TransferFunction is damaged, and was left aside")
    chromaticities = _chromaticities(tags)
    if curves:
        return _made(curves, chromaticities, bands)
    return _of_gammas((), chromaticities, bands)


def _of_exif(tags: ColorTags, bands: int) -> bytes | None:
    if tags.is_adobe_rgb:
        return _made([gamma_curve(_ADOBE_RGB_GAMMA)], _ADOBE_RGB, bands)
    if tags.space != 0xFFFF:
        return None
    gammas = () if tags.gamma is None or not _GAMMAS[0] <= tags.gamma <= _GAMMAS[1] else (tags.gamma,)
    return _of_gammas(gammas, _chromaticities(tags), bands)


def _chromaticities(tags: ColorTags) -> Chromaticities | None:
    if not tags.primaries:
        return None
    x, y = tags.primaries[::2], tags.primaries[1::2]
    found = Chromaticities((tags.white or SRGB.white)[:2], *zip(x, y, strict=True))  # type: ignore[arg-type]
    return found if found.to_d50() is not None else None


def _png_chunks(source: str | Path | bytes) -> dict[bytes, bytes]:
    """Read a PNG's chunks about colours; those of a wrong length are left out."""
    found = {}
    with opened(source if isinstance(source, bytes) else Path(source)) as file:
        for kind, length in _PNG_CHUNKS.items():
            place = png.place_of(file, kind)
            if place is not None and length in (None, place[1] - place[0] - 12):
                file.seek(place[0] + 8)
                found[kind] = file.read(min(place[1] - place[0] - 12, _MOST_BYTES))
    return found


def _inflated(chunk: bytes) -> bytes:
    """Decompress the profile of an iCCP; what is damaged is no profile."""
    compressed = chunk.partition(b"\0")[2][1:]
    try:
        return zlib.decompressobj().decompress(compressed, _MOST_BYTES)
    except zlib.error:
        return b""
