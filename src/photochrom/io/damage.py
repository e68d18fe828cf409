"""Damage that costs no pixel, and how a file is decoded past it."""

from __future__ import annotations

import re
from typing import Any

from photochrom.io.source import Source, read_all

__all__ = ["past_damage"]

_HARMLESS = re.compile(
    r"\b(1[0-6]|[1-9]) extraneous bytes|extraneous bytes before marker 0x(c[012]|db|dd|e.|fe)"
    "|Inconsistent progression|Adobe color|JFIF revision|Invalid SOS"
    '|Bad value .* for "(Orientation|ResolutionUnit|XResolution|YResolution|Threshholding)" tag'
)
"""Complaints of libjpeg and libtiff after which every pixel is still there.

A few extraneous bytes are padding, and so are many before a segment of the header; others were codes of pixels.
"""

_UNENDED = "premature end of JPEG image"


def past_damage(
    said: str, source: Source, options: dict[str, Any], format: str | None, *, name: str
) -> tuple[Source, dict[str, Any]] | None:
    """Find how to decode a file whose decoder complained, if no pixel is lost by its damage.

    Args:
        said: libvips' message.
        source: what was decoded.
        options: with which.
        format: usual suffix of the kind of file, or None.
        name: what to call the file in an error.

    Returns:
        What to decode instead, and with which options; None if pixels are lost, or that was tried already.

    Raises:
        PhotoError: if the file cannot be read any more.
    """
    if format == ".jpg" and _UNENDED in said and not isinstance(source, _Ended):
        # Perhaps nothing is missing but the mark of the end; with one, any lack of pixels shows.
        return _Ended(read_all(source, name=name) + b"\xff\xd9"), options
    if _HARMLESS.search(said) and not options:
        return source, {"fail_on": "truncated"}
    return None


class _Ended(bytes):
    """A JPEG that got the mark of the end it lacked."""
