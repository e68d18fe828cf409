"""Comments of a file, in the place that each format has for them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from photochrom.io.metadata import png
from photochrom.io.metadata.photoshop import iptc_of

__all__ = ["Text", "fitted_texts"]


@dataclass(frozen=True)
class Text:
    """A comment: the format that it is from, its bytes there, its keyword or nothing, and what it says."""

    format: str
    raw: bytes
    keyword: str
    text: str

    @property
    def said(self) -> str:
        """The text, after its keyword if it has one."""
        return f"{self.keyword}: {self.text}" if self.keyword else self.text


def fitted_texts(text: Text, format: str, resources: bytes) -> list[Text]:
    """Return a text as a format gets it; IPTC's record and Photoshop's resources in hexadecimal are no text."""
    name, block = png.raw_profile(text.keyword, text.text) or ("", b"")
    if name not in ("iptc", "8bim"):
        return [text]
    right = iptc_of(resources) or b"" if block[:1] == b"\x1c" else resources
    if format != "png" or not right:
        return []
    return [text if right == block else replace(text, raw=png.raw_profile_chunk(text.keyword, right))]
