"""Where in an XMP packet stands what photochrom changes, and what it says there."""

from __future__ import annotations

from dataclasses import dataclass, field

from photochrom.io.metadata.xmp.tree import RDF, Attribute, Description, Name, Node, Packet, Root

__all__ = ["IPTC", "OWN", "Places"]

IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
OWN = "urn:photochrom:xmp/1.0/"
_NOTE = ("DigitalSourceType", "AISystemUsed", "AISystemVersionUsed")


@dataclass
class Places:
    """Where in a packet the note goes, and what it says already; all places in bytes from its start.

    Attributes:
        root: the packet's ``rdf:RDF``.
        descriptions: its topmost ``rdf:Description`` elements.
        note: what the packet says of the three properties of the note.
        own: and of photochrom's own, which are attributes.
        stale: where it does so, by name, from and to.
    """

    root: Root
    descriptions: list[Description]
    note: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    stale: list[tuple[str, tuple[int, int]]] = field(default_factory=list)

    @classmethod
    def find(cls, text: bytes) -> Places:
        """Go through a packet of UTF-8, or of what some programs write in its stead.

        Raises:
            expat.ExpatError: if it is not well-formed.
            ValueError: if it has a DOCTYPE, or no ``rdf:RDF``.
        """
        packet = Packet(text)
        if packet.root is None:
            raise ValueError("no rdf:RDF")
        places = cls(packet.root, packet.descriptions)
        for node in packet.properties():
            if _is_of_note(node.name):
                places.note[node.name[1]] = _value(packet, node)
            elif isinstance(node, Attribute) and node.name[0] == OWN:
                places.own[node.name[1]] = node.text
            else:
                continue
            places.stale.append((node.name[1], node.span))
        return places

    @property
    def described(self) -> int | None:
        """Where the attributes of the first ``rdf:Description`` end, or None if there is none."""
        return self.descriptions[0].described if self.descriptions else None

    @property
    def prefixes(self) -> dict[str, str]:
        """Namespace of each prefix that holds there, or else in ``rdf:RDF``."""
        return self.descriptions[0].prefixes if self.descriptions else self.root.prefixes


def _value(packet: Packet, node: Node) -> str:
    if isinstance(node, Attribute):
        return node.text
    linked = "".join(each.text for each in node.attributes if each.name == (RDF, "resource"))
    return (linked + packet.all_text(node)).strip()


def _is_of_note(name: Name) -> bool:
    return name[0] == IPTC and name[1] in _NOTE
