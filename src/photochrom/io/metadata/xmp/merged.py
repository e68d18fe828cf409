"""Two XMP packets made one: what a sidecar says, and what else the photo's own packet does."""

from __future__ import annotations

from xml.parsers import expat

from photochrom.io.metadata.xmp.added import FRESH, with_unreadable
from photochrom.io.metadata.xmp.encoding import to_utf8
from photochrom.io.metadata.xmp.extended import joined_packet
from photochrom.io.metadata.xmp.tree import RDF, Packet, changed

__all__ = ["merged_packets"]


def merged_packets(packet: bytes | None, sidecar: bytes) -> bytes | None:
    """Add a sidecar's properties to a packet; one that both have is the sidecar's.

    Args:
        packet: of any of XML's encodings, or None; one that is no XMP is kept as `with_unreadable` does it.
        sidecar: an XMP file's bytes.

    Returns:
        The packet in UTF-8, or None if the sidecar cannot be read.
    """
    try:
        more = _read(sidecar)
        known = _read(with_unreadable(packet) if packet else FRESH)
    except (expat.ExpatError, ValueError):
        return None
    named = {node.name for node in more.properties()}
    text = changed(known.text, [(*node.span, b"") for node in known.properties() if node.name in named])
    # All descriptions of a packet have to be about the same thing (ISO 16684-1, 7.4).
    subject = next((known.text[slice(*place)] for place in _subjects(known)), b"")
    return joined_packet(text, changed(more.text, [(*place, subject) for place in _subjects(more)]))


def _subjects(packet: Packet) -> list[tuple[int, int]]:
    named = (each for one in packet.descriptions for each in one.element.attributes)
    return [each.value for each in named if each.name == (RDF, "about")]


def _read(packet: bytes) -> Packet:
    text, _ = to_utf8(packet.strip(b"\0"))
    return Packet(text[text.find(b"<") : text.rfind(b">") + 1])
