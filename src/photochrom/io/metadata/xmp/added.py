"""The note in XMP that a photo's colours are synthetic, added without touching anything else in the packet.

A packet is edited as text at the places a parser found, never parsed and written anew: prefixes, order, comments,
padding and whatever else it holds stay as they were, to the byte.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from itertools import count
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from photochrom.io.metadata.xmp.encoding import from_utf8, to_utf8
from photochrom.io.metadata.xmp.places import IPTC, OWN, Places
from photochrom.io.metadata.xmp.tree import RDF

__all__ = ["DIGITAL_SOURCE_TYPE", "FRESH", "edited", "mark_synthetic", "with_comments", "with_unreadable"]

DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's term for a real photograph that a trained model added something to."""

_SPACE = b" \t\r\n"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
FRESH = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    f' <rdf:RDF xmlns:rdf="{RDF}">\n'
    '  <rdf:Description rdf:about=""/>\n'
    " </rdf:RDF>\n"
    '</x:xmpmeta>\n<?xpacket end="w"?>'
).encode()
"""A packet that says nothing."""


def mark_synthetic(packet: bytes | None, *, network: str, version: str, program: str) -> bytes:
    """Add to an XMP packet that a trained network made the photo's colours.

    ``Iptc4xmpExt:DigitalSourceType`` becomes `DIGITAL_SOURCE_TYPE`, which IPTC calls "edited using generative AI":
    the shapes are the camera's, the colours are invented by a model that learned them from other photos. Its
    neighbours say less or more than the truth: ``algorithmicallyEnhanced`` is for changes that leave the content
    alone, and ``trainedAlgorithmicMedia`` for pictures that no camera took. ``AISystemUsed`` and
    ``AISystemVersionUsed`` (IPTC Photo Metadata 2025.1) name the network. ``xmp:CreatorTool`` is left alone: it
    names the first program that made the file, not the last.

    What the three said before is replaced; a source type of the original (a negative, a print) is remembered as
    ``photochrom:FormerDigitalSourceType``. All else stays byte for byte, but for padding, which is there to be
    used up: a note that takes its room from it does not push a packet over what a JPEG segment holds.

    A packet that is no well-formed XMP, or that declares a DOCTYPE, which no honest one does, cannot be added to.
    It is then kept whole, in Base64, as ``photochrom:UnreadableXMP`` of a fresh packet. Nothing is ever raised.

    Args:
        packet: of any of XML's encodings, with or without its ``xpacket`` wrapper; None or empty for a file
            without XMP.
        network: name of the network, such as ``"article-6"``.
        version: of the network.
        program: what ran it, such as ``"photochrom 0.2.0"``.

    Returns:
        The packet with the note, in its own encoding; the same again when it is marked twice.
    """
    note = {
        "DigitalSourceType": DIGITAL_SOURCE_TYPE,
        "AISystemUsed": f"{network} ({program})",
        "AISystemVersionUsed": version,
    }
    return _changed(packet, note, {})


def with_comments(packet: bytes | None, comments: Sequence[str]) -> bytes:
    """Add comments, from a format that has a place for them, as ``photochrom:Comment``, with a blank line between.

    Args:
        packet: as for `mark_synthetic`; what is no XMP is dealt with as there.
        comments: text; those that the packet has already are not added.
    """

    def joined(known: str | None) -> str:
        had = [] if known is None else [known]
        parts = set() if known is None else set(known.split("\n\n"))
        return "\n\n".join([*had, *(comment for comment in comments if comment not in parts)])

    return _changed(packet, {}, {"Comment": joined})


def with_unreadable(packet: bytes) -> bytes:
    """Return a packet, or where it is no XMP, a fresh one that keeps it as `mark_synthetic` does."""
    return _changed(packet, {}, {})


Own = dict[str, Callable[[str | None], str]]
"""Properties of photochrom's own, each as a function of what it was before."""


def _changed(packet: bytes | None, note: dict[str, str], own: Own) -> bytes:
    packet = (packet or b"").rstrip(b"\0")
    if not packet.strip():
        return edited(FRESH, note, own)
    try:
        text, encoding = to_utf8(packet)
        return from_utf8(edited(text, note, own), encoding)
    except (expat.ExpatError, ValueError):  # of which a UnicodeError is one
        kept = base64.b64encode(packet).decode()
        return edited(FRESH, note, {"UnreadableXMP": lambda _: kept, **own})


def edited(packet: bytes, note: dict[str, str], own: Own) -> bytes:
    """Set IPTC's properties in `note` and photochrom's in `own` in a packet of UTF-8.

    Raises:
        expat.ExpatError: if it is not well-formed.
        ValueError: if it has a DOCTYPE, or no ``rdf:RDF``.
    """
    start, stop = packet.find(b"<"), packet.rfind(b">") + 1
    text = packet[start:stop]
    places = Places.find(text)
    former = places.note.get("DigitalSourceType")
    if note and former not in (None, DIGITAL_SOURCE_TYPE):
        own = {"FormerDigitalSourceType": lambda known: known or str(former), **own}
    stale = [place for name, place in places.stale if name in note or name in own]
    values = {name: value(places.own.get(name)) for name, value in own.items()}
    attributes = _attributes(OWN, "photochrom", values, places.prefixes) if own else b""
    attributes += _attributes(IPTC, "Iptc4xmpExt", note, places.prefixes) if note else b""
    if places.described is not None:
        changes = [
            *((first, last, b"") for first, last in stale),
            (places.described, places.described, attributes),
        ]
    else:
        description = b'<rdf:Description rdf:about="" xmlns:rdf="%b"%b/>' % (RDF.encode(), attributes)
        at, name = places.root.at, places.root.tag
        ended = b">" + description + b"</" + name + b">"
        changes = [(at, at + 2, ended) if places.root.is_empty else (at, at, description)]
    parts, at = [], 0
    for first, last, new in sorted(changes):
        parts += [text[at:first], new]
        at = last
    marked = _shaved(b"".join([*parts, text[at:]]), len(text))
    return packet[:start] + marked + packet[stop:]


def _shaved(text: bytes, size: int) -> bytes:
    """Take padding away, as far as there is any, from a packet that has outgrown `size` bytes."""
    end = text.rfind(b"<?xpacket end=")
    padding = end - len(text[: max(end, 0)].rstrip(_SPACE))
    if end < 0 or padding < 64:
        return text
    spare = min(max(0, len(text) - size), padding - 1)
    return text[: end - spare] + text[end:]


def _attributes(uri: str, prefix: str, properties: dict[str, str], prefixes: dict[str, str]) -> bytes:
    """Write properties as attributes, under the prefix that the packet has for them or else a free one."""
    bound = next((known for known, other in prefixes.items() if other == uri and known), None)
    declared = ""
    if bound is None:
        bound = next(name for n in count(1) if (name := f"{prefix}{n if n > 1 else ''}") not in prefixes)
        declared = f" xmlns:{bound}={quoteattr(uri)}"
    values = (f" {bound}:{name}={quoteattr(_FORBIDDEN.sub('?', value))}" for name, value in properties.items())
    return (declared + "".join(values)).encode()
