"""Files that are sound, but of a kind that is not read, or not without an extra: called by their names."""

from __future__ import annotations

from photochrom.errors import PhotoKindError

__all__ = ["needs_extra", "refuse_by_name", "unread"]

_KINDS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"8BPS", "a Photoshop file (PSD)"),
    (0, b"\x76\x2f\x31\x01", "OpenEXR"),
    (0, b"#?RADIANCE", "Radiance HDR"),
    (0, b"#?RGBE", "Radiance HDR"),
    (0, b"%PDF-", "a PDF"),
    (0, b"%!PS", "PostScript"),
    (0, b"\xc5\xd0\xd3\xc6", "PostScript (EPS)"),
    (0, b"<svg", "SVG"),
    (0, b"SIMPLE  =", "FITS"),
    (128, b"DICM", "DICOM"),
    (0, b"gimp xcf", "a GIMP file (XCF)"),
    (0, b"AT&TFORM", "DjVu"),
    (0, b"II\xbc\x01", "JPEG XR"),
    (0, b"\0\0\1\0", "an icon (ICO)"),
    (0, b"DDS ", "DDS"),
    (0, b"qoif", "QOI"),
    (0, b"FLIF", "FLIF"),
    (0, b"BPG\xfb", "BPG"),
    (0, b"\x01\xda", "SGI"),
    (0, b"\x59\xa6\x6a\x95", "a Sun raster"),
    (0, b"\x0a\x05\x01", "PCX"),
    (0, b"FORM", "IFF"),
    (0, b"\xd7\xcd\xc6\x9a", "WMF"),
    (4, b"ftypqt", "a film (QuickTime)"),
    (4, b"ftypmp4", "a film (MP4)"),
    (4, b"ftypisom", "a film (MP4)"),
    (4, b"ftypM4V", "a film (MP4)"),
    (4, b"moov", "a film (QuickTime)"),
    (4, b"wide", "a film (QuickTime)"),
    (8, b"AVI ", "a film (AVI)"),
    (0, b"\x1a\x45\xdf\xa3", "a film (Matroska or WebM)"),
)
"""Where a file of each kind has which bytes, and what people call it."""


def unread(name: str, kind: str, remedy: str = "save it as TIFF, PNG or JPEG") -> PhotoKindError:
    """Return the error of a file whose kind nobody here reads; `kind` is a noun such as "OpenEXR"."""
    return PhotoKindError(name, f"is {kind}: sound, but of a kind that photochrom does not read", remedy)


def needs_extra(name: str, kind: str) -> PhotoKindError:
    """Return the error of a file whose kind the extra `formats` reads, which is not installed."""
    return PhotoKindError(
        name,
        f"is {kind}: sound, but of a kind that the base install does not read",
        'pip install "photochrom[formats]", or save it as TIFF, PNG or JPEG',
    )


def refuse_by_name(name: str, begin: bytes) -> None:
    """Refuse a file of a kind that is known and not read.

    Args:
        name: what to call it.
        begin: its first bytes, 132 or more if it has so many.

    Raises:
        PhotoKindError: if it is of such a kind.
    """
    for at, signature, kind in _KINDS:
        if begin[at:].startswith(signature):
            raise unread(name, kind)
