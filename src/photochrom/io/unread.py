"""Files that are sound, but of a kind that is not read, or not without an extra: called by their names."""

from __future__ import annotations

from photochrom.errors import PhotoKindError

__all__ = ["KIND_BYTES", "needs_extra", "refuse_by_name", "unread"]

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
    (40, b" EMF", "EMF"),
    (0, b"SDPX", "DPX"),
    (0, b"XPDS", "DPX"),
    (0, b"\x80\x2a\x5f\xd7", "Cineon"),
    (0, b"\x8aMNG\r\n\x1a\n", "MNG"),
    (0, b"\x8bJNG\r\n\x1a\n", "JNG"),
    (0, b"icns", "an icon (ICNS)"),
    (0, b"\xabKTX ", "KTX"),
    (0, b"\xff\x10\xff\x50", "JPEG XS"),
    (4, b"JXS ", "JPEG XS"),
    (0, b"\xcf\x84\x01", "Lepton"),
    (0, b"\0\0\2\0", "a cursor (CUR)"),
    (0, b"/* XPM */", "XPM"),
    (0, b"\x97JB2\r\n\x1a\n", "JBIG2"),
    (0, b"\0\xffKA", "an Affinity file"),
    (0, b"CSFCHUNK", "a Clip Studio file"),
    (30, b"mimetypeapplication/x-krita", "a Krita file"),
    (30, b"mimetypeimage/openraster", "OpenRaster"),
    (2048, b"PCD_IPI", "Kodak Photo CD"),
    (522, b"\0\x11\2\xff\x0c\0", "a Macintosh picture (PICT)"),
    (4, b"ftypqt", "a film (QuickTime)"),
    *(
        (4, b"ftyp" + brand, "a film (MP4)")
        for brand in (b"mp4", b"iso", b"avc1", b"M4V", b"MSNV", b"f4v", b"dash")
    ),
    (4, b"ftyp3g", "a film (3GPP)"),
    (0, b"\0\0\1\xba", "a film (MPEG)"),
    (0, b"\0\0\1\xb3", "a film (MPEG)"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a film (WMV)"),
    (0, b"FLV\1", "a film (Flash)"),
    (4, b"moov", "a film (QuickTime)"),
    (4, b"wide", "a film (QuickTime)"),
    (8, b"AVI ", "a film (AVI)"),
    (0, b"\x1a\x45\xdf\xa3", "a film (Matroska or WebM)"),
)
"""Where a file of each kind has which bytes, and what people call it."""

KIND_BYTES = max(at + len(signature) for at, signature, _ in _KINDS)
"""How many bytes of a file `refuse_by_name` looks at."""

_PDF_BEGINS = 1024  # bytes within which a PDF's mark stands (ISO 32000-1, Annex H)

_TGA = (frozenset([1, 2, 3, 9, 10, 11]), frozenset([8, 15, 16, 24, 32]))  # kinds of pixels, bits of one


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
        begin: its first bytes, `KIND_BYTES` or more if it has so many.

    Raises:
        PhotoKindError: if it is of such a kind.
    """
    for at, signature, kind in _KINDS:
        if begin[at:].startswith(signature):
            raise unread(name, kind)
    if begin.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<?xml", b"<!--", b"<svg")) and b"<svg" in begin:
        raise unread(name, "SVG")
    if b"%PDF-" in begin[:_PDF_BEGINS]:
        raise unread(name, "a PDF")
    if _is_tga(begin):
        raise unread(name, "TGA")


def _is_tga(begin: bytes) -> bool:
    """Tell by its header, which has no mark (Truevision TGA 2.0): palette, kind, origin, size, bits."""
    if len(begin) < 18 or begin[1] > 1 or begin[2] not in _TGA[0] or begin[16] not in _TGA[1]:
        return False
    return (begin[1] == 1 or not any(begin[3:8])) and any(begin[12:14]) and any(begin[14:16])
