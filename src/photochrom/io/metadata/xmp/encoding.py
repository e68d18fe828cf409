"""The encodings in which XMP packets are found; all are edited as UTF-8."""

from __future__ import annotations

__all__ = ["from_utf8", "to_utf8"]

_ENCODINGS = (  # how each begins, with or without a mark of its byte order; the longer ones first
    ("utf-32-le", (b"\xff\xfe\0\0", b"<\0\0\0")),
    ("utf-32-be", (b"\0\0\xfe\xff", b"\0\0\0<")),
    ("utf-16-le", (b"\xff\xfe", b"<\0")),
    ("utf-16-be", (b"\xfe\xff", b"\0<")),
)


def to_utf8(packet: bytes) -> tuple[bytes, str]:
    """Return a packet in UTF-8, or in what some programs write in its stead, and the encoding that it had.

    Raises:
        ValueError: if it is not in the encoding that it begins with.
    """
    encoding = next((name for name, starts in _ENCODINGS if packet.startswith(starts)), "utf-8")
    if encoding == "utf-8":
        return packet, encoding
    # Its last character may have lost zero bytes that looked like padding.
    unit = int(encoding[4:6]) // 8
    return packet.ljust(-(-len(packet) // unit) * unit, b"\0").decode(encoding).encode(), encoding


def from_utf8(packet: bytes, encoding: str) -> bytes:
    """Return a packet of UTF-8 in an encoding that `to_utf8` found."""
    return packet if encoding == "utf-8" else packet.decode().encode(encoding)
