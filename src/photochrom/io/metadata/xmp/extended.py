"""Adobe's extended XMP: what of a packet does not fit into one segment of a JPEG stands in further ones."""

from __future__ import annotations

import hashlib
import re
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from photochrom.io.metadata.xmp.added import FRESH, edited
from photochrom.io.metadata.xmp.places import Places

__all__ = ["joined_packet", "split_packet"]

_NOTE = "http://ns.adobe.com/xmp/note/"
_HAS = re.compile(rb"""\s\w+:HasExtendedXMP\s*=\s*(?:"[^"]*"|'[^']*')|<(\w+:HasExtendedXMP)>[^<]*</\1>""")


def split_packet(packet: bytes) -> tuple[bytes, bytes, bytes]:
    """Part a packet that is too large for one segment.

    Returns:
        A short packet, with the note on synthetic colours if there is one, for readers that know no extension; the
        extension, which is all of the packet without its wrapper; and the digest by which the one names the other.
    """
    start, end = packet.find(b"<?xpacket begin="), packet.rfind(b"<?xpacket end=")
    start = packet.find(b">", start) + 1 if start >= 0 else 0
    extension = packet[start : end if end > start else len(packet)].strip()
    digest = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper()
    named = f'<rdf:Description rdf:about="" xmlns:xmpNote="{_NOTE}" xmpNote:HasExtendedXMP="{digest}"/>'
    short = FRESH.replace(b'<rdf:Description rdf:about=""/>', named.encode())
    try:
        return edited(short, Places.find(extension).note, {}), extension, digest.encode()
    except (expat.ExpatError, ValueError):
        return short, extension, digest.encode()


def joined_packet(packet: bytes, extension: bytes) -> bytes | None:
    """Put an extension back into its packet, as further ``rdf:Description`` elements.

    Returns:
        One packet, or None if one of the two cannot be read.
    """
    packet = _HAS.sub(b"", packet)
    try:
        start = packet.find(b"<")
        places, more = Places.find(packet[start : packet.rfind(b">") + 1]), Places.find(extension)
    except (expat.ExpatError, ValueError):
        return None
    root, at, parts = more.root, more.root.at, []
    for each in more.descriptions:
        # Outside its own rdf:RDF, an element has to declare what it was declared there.
        known = {prefix: uri for prefix, uri in root.prefixes.items() if prefix not in each.declared}
        names = "".join(f" xmlns{':' * bool(prefix)}{prefix}={quoteattr(uri)}" for prefix, uri in known.items())
        parts += [extension[at : each.described], names.encode()]
        at = each.described
    inner = b"" if root.is_empty else b"".join([*parts, extension[at : extension.rindex(b"</" + root.tag)]])
    root, at = places.root, places.root.at + start
    if root.is_empty:
        return packet[:at] + b">" + inner + b"</" + root.tag + b">" + packet[at + 2 :]
    end = packet.rindex(b"</" + root.tag)
    return packet[:end] + inner + packet[end:]
