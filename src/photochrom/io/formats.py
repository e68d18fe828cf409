"""The table of formats: what names and first bytes each has, how it is read and written, and what it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = [
    "FORMATS",
    "JPEG",
    "MEDIA_TYPES",
    "PHOTO_SUFFIXES",
    "RAW",
    "SAVED_SUFFIXES",
    "SIGNATURE_BYTES",
    "TIFF",
    "WIDE",
    "Format",
    "kind_of",
    "result_suffix",
    "said_of_kind",
    "signed",
    "usual_suffix",
]


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        names: by which libvips and Pillow know it, in small letters.
        suffixes: that a file of it may have, the usual one first.
        media_type: for HTTP.
        signatures: what a file of it may begin with; each a place and the bytes there, or several of these.
        loader: class of libvips' loader; None for what one of `photochrom.io.decoders` reads, or Pillow.
        options: of libvips' saver, where a ``Q`` is a quality to choose; None for what results are not written as.
        is_wide: whether it holds more than 8 bits: 16, and AVIF 12.
        becomes: suffixes of results by default, of photos of up to 8 bits and of more; None for the photo's own.
        extra: name of the extra that reads it, or None.
    """

    names: tuple[str, ...]
    suffixes: tuple[str, ...]
    media_type: str
    signatures: tuple[tuple[tuple[int, bytes], ...], ...]
    loader: str | None
    options: dict[str, Any] | None = None
    is_wide: bool = False
    becomes: tuple[str, str] | None = None
    extra: str | None = None

    @property
    def suffix(self) -> str:
        """The usual suffix."""
        return self.suffixes[0]


def _begins(*signatures: bytes) -> tuple[tuple[tuple[int, bytes], ...], ...]:
    return tuple(((0, signature),) for signature in signatures)


def _brands(*brands: bytes) -> tuple[tuple[tuple[int, bytes], ...], ...]:
    return tuple(((4, b"ftyp" + brand),) for brand in brands)


def _raw(*suffixes: str, signatures: tuple[tuple[tuple[int, bytes], ...], ...] = ()) -> Format:
    """Describe a camera raw; those without a signature begin as a TIFF does."""
    return Format((suffixes[0][1:],), suffixes, "image/x-raw", signatures, None, becomes=(".tif", ".tif"))


_JPEG = Format(
    ("jpeg",),
    (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/jpeg",
    _begins(b"\xff\xd8\xff"),
    "Jpeg",
    {"Q": 92},
    becomes=(".jpg", ".png"),
)
_TIFF = Format(
    ("tiff",),
    (".tif", ".tiff"),
    "image/tiff",
    _begins(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),  # the latter two are BigTIFF's
    "Tiff",
    {"compression": "deflate", "predictor": "horizontal"},
    is_wide=True,
)
FORMATS = (
    _JPEG,
    Format(("png",), (".png",), "image/png", _begins(b"\x89PNG\r\n\x1a\n"), "Png", {}, is_wide=True),
    Format(("webp",), (".webp",), "image/webp", (((0, b"RIFF"), (8, b"WEBP")),), "Webp", {"Q": 90}),
    _TIFF,
    Format(
        ("avif",),
        (".avif",),
        "image/avif",
        _brands(b"avif", b"avis"),
        "Heif",
        {"Q": 75},
        is_wide=True,
    ),
    # GIF's 256 colours are too few for a photo, so a GIF's result is a PNG.
    Format(("gif",), (".gif",), "image/gif", _begins(b"GIF87a", b"GIF89a"), "Nsgif", becomes=(".png", ".png")),
    # Two letters are too few to tell a BMP from a text, so its reserved bytes count too.
    Format(("bmp",), (".bmp",), "image/bmp", (((0, b"BM"), (6, bytes(4))),), None, {}),
    Format(
        ("heif", "heic"),
        (".heic", ".heif", ".hif"),
        "image/heic",
        _brands(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1"),
        None,
        becomes=(".jpg", ".png"),
    ),
    # A depth of more than 8 bits is what makes them worth keeping, and TIFF is what archives keep.
    Format(
        ("jp2", "jpeg2000"),
        (".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx"),
        "image/jp2",
        _begins(b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),
        None,
        becomes=(".png", ".tif"),
        extra="formats",
    ),
    Format(
        ("jxl",),
        (".jxl",),
        "image/jxl",
        _begins(b"\0\0\0\x0cJXL \r\n\x87\n", b"\xff\x0a"),
        None,
        becomes=(".png", ".tif"),
        extra="formats",
    ),
    Format(("jls",), (".jls",), "image/jls", (), None, becomes=(".png", ".png"), extra="formats"),
    Format(
        ("ppm", "pgm", "pbm", "pnm", "pam"),
        (".pgm", ".ppm", ".pbm", ".pnm", ".pam"),
        "image/x-portable-anymap",
        _begins(*(b"P%d%c" % (kind, space) for kind in range(1, 8) for space in b" \t\r\n#")),
        None,
        becomes=(".png", ".png"),
    ),
    Format(
        ("pfm",),
        (".pfm",),
        "image/x-portable-floatmap",
        _begins(*(b"P%c%c" % (kind, space) for kind in b"fF" for space in b" \t\r\n")),
        None,
        becomes=(".tif", ".tif"),
    ),
    _raw(".dng"),
    _raw(".nef", ".nrw"),
    _raw(".cr2"),
    _raw(".cr3", signatures=_brands(b"crx ")),
    _raw(".crw", signatures=(((6, b"HEAPCCDR"),),)),
    _raw(".arw", ".sr2", ".srf"),
    _raw(".raf", signatures=_begins(b"FUJIFILMCCD-RAW")),
    _raw(".orf", signatures=_begins(b"IIRO", b"IIRS", b"MMOR")),
    _raw(".rw2", ".rwl", signatures=_begins(b"IIU\0")),
    _raw(".pef"),
    _raw(".srw"),
    _raw(".3fr", ".fff"),
    _raw(".iiq"),
    _raw(".x3f", signatures=_begins(b"FOVb")),
    _raw(".mrw", signatures=_begins(b"\0MRM")),
    _raw(".erf"),
    _raw(".kdc", ".dcr", ".k25"),
    _raw(".mos", ".mef"),
)
"""All formats that photos are read from."""

JPEG = frozenset(_JPEG.suffixes)
TIFF = frozenset(_TIFF.suffixes)
RAW = frozenset(suffix for format in FORMATS if format.media_type == "image/x-raw" for suffix in format.suffixes)
"""Suffixes of camera raws."""

WIDE = frozenset(suffix for format in FORMATS if format.is_wide for suffix in format.suffixes)
"""Suffixes of formats that hold more than 8 bits."""

PHOTO_SUFFIXES = frozenset(suffix for format in FORMATS for suffix in format.suffixes)
"""Names of files that are taken for photos where a folder is searched; a file named by the user may have any."""

SAVED_SUFFIXES: dict[str, dict[str, Any]] = {
    suffix: format.options for format in FORMATS if format.options is not None for suffix in format.suffixes
}
"""Suffixes that a result can have, and libvips' options for each."""

MEDIA_TYPES = {format.suffix: format.media_type for format in FORMATS if format.options is not None}
"""Of results, by usual suffix."""

_WORDS = {".jpg": "JPEG", ".png": "PNG", ".tif": "TIFF"}

SIGNATURE_BYTES = max(
    at + len(part) for each in FORMATS for signature in each.signatures for at, part in signature
)
"""How many bytes of a file `signed` looks at."""


def said_of_kind(suffix: str) -> str | None:
    """Say in a line what photos of a kind come out as, where that is another kind; None where it is their own."""
    format = next((format for format in FORMATS if suffix.lower() in format.suffixes), None)
    if format is None or format.becomes is None or format.options is not None or format.suffix == ".gif":
        return None  # a GIF has no more to lose
    photos = "camera raws" if format.suffix in RAW else f"{format.suffix[1:].upper()} photos"
    narrow, wide = (_WORDS[kind] for kind in format.becomes)
    wider = "" if narrow == wide else f", those of more than 8 bits as {wide}"
    return f"{photos} come out as {narrow}{wider} (--format chooses another kind)"


def signed(begin: bytes) -> Format | None:
    """Return the format that a file's first bytes speak of, or None."""
    for format in FORMATS:
        for signature in format.signatures:
            if all(begin[at:].startswith(part) for at, part in signature):
                return format
    return None


def usual_suffix(name: str) -> str | None:
    """Name the usual suffix of a libvips loader or of a Pillow format, such as ``jpegload_source`` or ``JPEG``."""
    known = name.lower().split("load")[0]
    return next((format.suffix for format in FORMATS if known in format.names), None)


def kind_of(suffix: str) -> str:
    """Return one suffix for all that mean the same kind, such as ``.jpg`` for ``.JPEG``."""
    suffix = suffix.lower()
    return next((format.suffix for format in FORMATS if suffix in format.suffixes), suffix)


def result_suffix(suffix: str, *, wide: bool = False) -> str:
    """Return the suffix of a result by default.

    Args:
        suffix: of the photo; its own is kept as it is written.
        wide: whether the photo has more than 8 bits.

    Returns:
        PNG for what is not known.
    """
    format = next((format for format in FORMATS if suffix.lower() in format.suffixes), None)
    if format is None:
        return ".png"
    if format.becomes is None or kind_of(suffix) == format.becomes[wide]:
        return suffix
    return format.becomes[wide]
