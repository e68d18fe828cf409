"""The properties of an XMP packet, each with the place where it stands, for editing the packet as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

__all__ = ["RDF", "Attribute", "Change", "Description", "Element", "Name", "Node", "Packet", "Root", "changed"]

Name = tuple[str, str]
"""Namespace and local name."""

Change = tuple[int, int, bytes]
"""From where to where bytes are replaced, and by what."""

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "http://www.w3.org/XML/1998/namespace"
_DEEPEST = 32  # element in which a namespace is looked for; regions have theirs sixteen deep
_SPACE = (b" ", b"\t", b"\r", b"\n")
_TAG = re.compile(
    rb"""<(?P<name>[^\s/>]+)(?P<attributes>(?:\s+[^\s=/>"']+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*/?>""", re.DOTALL
)
_ATTRIBUTE = re.compile(rb"""\s+([^\s=/>"']+)\s*=\s*(?:"[^"]*"|'[^']*')""", re.DOTALL)


@dataclass(slots=True)
class Attribute:
    """A property, or a field of one, that is written as an attribute; all places are in bytes.

    Attributes:
        name: of it.
        span: where it stands, with the space before it.
        value: where its value does, between the quotes.
        text: its value.
    """

    name: Name
    span: tuple[int, int]
    value: tuple[int, int]
    text: str


@dataclass(slots=True)
class Element:
    """An element, such as a property, a structure's field or a list's item.

    Attributes:
        name: of it.
        span: where it stands, with the space before it.
        value: where what it holds does; empty where it has no end tag.
        attributes: of it.
        children: elements in it.
        pieces: which of the packet's pieces of text it holds, from and to.
    """

    name: Name
    span: tuple[int, int]
    value: tuple[int, int]
    attributes: Sequence[Attribute] = ()
    children: list[Element] = field(default_factory=list)
    pieces: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class Description:
    """A topmost ``rdf:Description``.

    Attributes:
        element: itself.
        described: where its attributes end.
        declared: the prefixes that it declares.
        prefixes: namespace of each prefix that holds in it.
    """

    element: Element
    described: int
    declared: frozenset[str]
    prefixes: dict[str, str]


@dataclass(slots=True)
class Root:
    """The first ``rdf:RDF`` of a packet.

    Attributes:
        at: where what it holds begins; or its ``/>``, if it is empty.
        tag: its name, as it is written.
        is_empty: whether it has no end tag.
        prefixes: namespace of each prefix that holds in it.
    """

    at: int
    tag: bytes
    is_empty: bool
    prefixes: dict[str, str]


Node = Attribute | Element


class Packet:
    """A packet of UTF-8, or of what some programs write in its stead, read.

    Attributes:
        text: its bytes.
        root: its ``rdf:RDF``, or None if it has none.
        descriptions: the topmost ``rdf:Description`` elements.

    Raises:
        expat.ExpatError: if it is not well-formed.
        ValueError: if it has a DOCTYPE.
    """

    def __init__(self, text: bytes) -> None:
        self.text = text
        try:
            self._read("utf-8")
        except expat.ExpatError:
            self._read("iso-8859-1")  # it is no UTF-8, but markup is ASCII in both, and found all the same

    def properties(self) -> Iterator[Node]:
        """Give the properties of all descriptions."""
        for description in self.descriptions:
            attributes = description.element.attributes
            yield from (each for each in attributes if each.name[0] not in (RDF, _XML, ""))
            yield from description.element.children

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
        return self.all_text(node).strip()

    def all_text(self, node: Node) -> str:
        """Return the text of a value, whatever elements it is in."""
        return node.text if isinstance(node, Attribute) else "".join(self._pieces[slice(*node.pieces)])

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

    def _read(self, encoding: str) -> None:
        text, parser = self.text, expat.ParserCreate(encoding)
        names: list[Name] = []  # of the open elements
        scopes: list[dict[str, str]] = [{}]
        open_: list[Element] = []  # those in a topmost description
        self.root: Root | None = None
        self.descriptions: list[Description] = []
        self._pieces: list[str] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            declared = {k[6:]: v for k, v in attributes.items() if k == "xmlns" or k.startswith("xmlns:")}
            scopes.append({**scopes[-1], **declared} if declared and len(scopes) < _DEEPEST else scopes[-1])
            names.append(_resolved(name, scopes[-1]))
            at = parser.CurrentByteIndex
            if self.root is None and names[-1] == (RDF, "RDF"):
                tag = _tag_at(text, at)
                is_empty = tag[0].endswith(b"/>")
                self.root = Root(tag.end() - 2 * is_empty, tag["name"], is_empty, scopes[-1])
            is_topmost = not open_ and names[-2:] == [(RDF, "RDF"), (RDF, "Description")]
            if not open_ and not is_topmost:
                return
            tag = _tag_at(text, at)
            places = (_before(text, at), tag.end()), (tag.end(), tag.end())
            own = _attributes(tag, attributes, scopes[-1]) if attributes else ()
            element = Element(names[-1], *places, own, pieces=(len(self._pieces), 0))
            if is_topmost:
                described = tag.end("attributes")
                self.descriptions.append(Description(element, described, frozenset(declared), scopes[-1]))
            else:
                open_[-1].children.append(element)
            open_.append(element)

        def end(name: str) -> None:
            if open_:
                element = open_.pop()
                at = parser.CurrentByteIndex
                element.pieces = (element.pieces[0], len(self._pieces))
                if not text.endswith(b"/>", element.value[0] - 2, element.value[0]):
                    element.value = (element.value[0], at)
                    element.span = (element.span[0], text.index(b">", at) + 1)
            names.pop()
            scopes.pop()

        def refuse(*_: Any) -> None:
            raise ValueError("an XMP packet with a DOCTYPE")

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = self._pieces.append
        parser.StartDoctypeDeclHandler = refuse
        parser.Parse(text, True)


def changed(text: bytes, changes: Iterable[Change]) -> bytes:
    """Make changes in a text; what lies within what is taken out by another goes with it."""
    parts, at = [], 0
    for first, last, new in sorted(changes, key=lambda change: (change[0], -change[1])):
        if first >= at:
            parts += [text[at:first], new]
            at = last
    return b"".join([*parts, text[at:]])


def _resolved(name: str, scope: dict[str, str]) -> Name:
    """Return the namespace that a name's prefix has in a scope, and the local name."""
    prefix, _, local = name.rpartition(":")
    return scope.get(prefix, ""), local


def _tag_at(text: bytes, at: int) -> re.Match[bytes]:
    """Return the start tag at a place, its ``name`` and ``attributes`` as groups.

    Raises:
        ValueError: if there is none.
    """
    tag = _TAG.match(text, at)
    if tag is None:
        raise ValueError(f"no tag at byte {at}")
    return tag


def _attributes(tag: re.Match[bytes], values: dict[str, str], scope: dict[str, str]) -> list[Attribute]:
    """Return the attributes of a start tag that have a prefix."""
    found = []
    for each in _ATTRIBUTE.finditer(tag.string, *tag.span("attributes")):
        name = each[1].decode(errors="replace")
        if ":" in name:
            value = each.start() + each[0].index(each[0][-1:]) + 1, each.end() - 1
            found.append(Attribute(_resolved(name, scope), each.span(), value, values.get(name, "")))
    return found


def _before(text: bytes, at: int) -> int:
    while text[at - 1 : at] in _SPACE:
        at -= 1
    return at
