"""The properties of an XMP packet, each with the place where it stands, for editing the packet as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import unescape

from photochrom.io.metadata.xmp_places import ATTRIBUTE, RDF, resolved, tag_at

__all__ = ["Attribute", "Change", "Element", "Name", "Node", "Packet", "changed"]

Name = tuple[str, str]
"""Namespace and local name."""

Change = tuple[int, int, bytes]
"""From where to where bytes are replaced, and by what."""

_XML = "http://www.w3.org/XML/1998/namespace"
_DEEPEST = 32  # element in which a namespace is looked for; regions have theirs sixteen deep
_SPACE = (b" ", b"\t", b"\r", b"\n")


@dataclass(slots=True)
class Attribute:
    """A property, or a field of one, that is written as an attribute; all places are in bytes.

    Attributes:
        name: of it.
        span: where it stands, with the space before it.
        value: where its value does, between the quotes.
    """

    name: Name
    span: tuple[int, int]
    value: tuple[int, int]


@dataclass(slots=True)
class Element:
    """An element, such as a property, a structure's field or a list's item.

    Attributes:
        name: of it.
        span: where it stands, with the space before it.
        value: where what it holds does; empty where it has no end tag.
        attributes: of it.
        children: elements in it.
    """

    name: Name
    span: tuple[int, int]
    value: tuple[int, int]
    attributes: list[Attribute] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)


Node = Attribute | Element


class Packet:
    """A packet of UTF-8, or of what some programs write in its stead, read.

    Attributes:
        text: its bytes.
        descriptions: the topmost ``rdf:Description`` elements.

    Raises:
        expat.ExpatError: if it is not well-formed.
        ValueError: if it has a DOCTYPE.
    """

    def __init__(self, text: bytes) -> None:
        self.text = text
        try:
            self.descriptions = _read(text, "utf-8")
        except expat.ExpatError:
            self.descriptions = _read(text, "iso-8859-1")  # in which markup is found all the same

    def properties(self) -> Iterator[Node]:
        """Give the properties of all descriptions."""
        for description in self.descriptions:
            yield from (each for each in description.attributes if each.name[0] not in (RDF, _XML, ""))
            yield from description.children

    def fields(self, node: Node | None) -> dict[Name, Node]:
        """Return the fields of a structure, in any of the ways that RDF has to write one."""
        found: dict[Name, Node] = {}
        if not isinstance(node, Element):
            return found
        inner = [child for child in node.children if child.name == (RDF, "Description")]
        for element in (node, *inner):
            found |= {each.name: each for each in element.attributes if each.name[0] not in (RDF, _XML, "")}
            found |= {each.name: each for each in element.children if each.name[0] != RDF}
        return found

    def items(self, node: Node | None) -> list[Element]:
        """Return the items of a list."""
        lists = node.children if isinstance(node, Element) else []
        kinds = [(RDF, kind) for kind in ("Bag", "Seq", "Alt")]
        return [item for each in lists if each.name in kinds for item in each.children]

    def said(self, node: Node | None) -> str:
        """Return the text of a simple value; of another, and of none, nothing."""
        if node is None or (isinstance(node, Element) and node.children):
            return ""
        text = self.text[slice(*node.value)].decode(errors="replace")
        return unescape(text, {"&quot;": '"', "&apos;": "'"}).strip()

    def number(self, node: Node | None) -> float | None:
        """Return a number, also one that is a fraction; None where there is none to read."""
        over, _, under = self.said(node).partition("/")
        try:
            found = float(over) / float(under or 1)
        except (ValueError, ZeroDivisionError):
            return None
        return found if abs(found) < 1e12 else None  # neither NaN nor infinity

    def replaced(self, node: Node, value: str | float) -> Change:
        """Return the change of a simple value to another one, of letters and digits."""
        said = value if isinstance(value, str) else f"{value:.6f}".rstrip("0").rstrip(".")
        text = self.text[slice(*node.value)]
        first = node.value[0] + len(text) - len(text.lstrip())
        return first, first + len(text.strip()), said.encode()


def changed(text: bytes, changes: Iterable[Change]) -> bytes:
    """Make changes in a text; what lies within what is taken out by another goes with it."""
    parts, at = [], 0
    for first, last, new in sorted(changes, key=lambda change: (change[0], -change[1])):
        if first >= at:
            parts += [text[at:first], new]
            at = last
    return b"".join([*parts, text[at:]])


def _read(text: bytes, encoding: str) -> list[Element]:
    parser = expat.ParserCreate(encoding)
    names: list[Name] = []  # of the open elements
    scopes: list[dict[str, str]] = [{}]
    open_: list[Element] = []  # those in a topmost description
    found: list[Element] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        declared = {k[6:]: v for k, v in attributes.items() if k == "xmlns" or k.startswith("xmlns:")}
        scopes.append({**scopes[-1], **declared} if declared and len(scopes) < _DEEPEST else scopes[-1])
        names.append(resolved(name, scopes[-1]))
        if not open_ and (names[-1] != (RDF, "Description") or names[-2:-1] != [(RDF, "RDF")]):
            return
        at = parser.CurrentByteIndex
        tag = tag_at(text, at)
        element = Element(names[-1], (_before(text, at), tag.end()), (tag.end(), tag.end()))
        for each in ATTRIBUTE.finditer(text, *tag.span("attributes")) if attributes else ():
            attribute = each[1].decode(errors="replace")
            if ":" in attribute:
                quote = each.start() + each[0].index(each[0][-1:]) + 1
                element.attributes.append(
                    Attribute(resolved(attribute, scopes[-1]), each.span(), (quote, each.end() - 1))
                )
        (open_[-1].children if open_ else found).append(element)
        open_.append(element)

    def end(name: str) -> None:
        if open_:
            element = open_.pop()
            at = parser.CurrentByteIndex
            if not text.endswith(b"/>", element.value[0] - 2, element.value[0]):
                element.value = (element.value[0], at)
                element.span = (element.span[0], text.index(b">", at) + 1)
        names.pop()
        scopes.pop()

    def refuse(*_: Any) -> None:
        raise ValueError("an XMP packet with a DOCTYPE")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(text, True)
    return found


def _before(text: bytes, at: int) -> int:
    while text[at - 1 : at] in _SPACE:
        at -= 1
    return at
