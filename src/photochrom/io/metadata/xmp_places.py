"""Where in an XMP packet stands what photochrom changes: found by a parser, for editing the packet as text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

__all__ = ["ATTRIBUTE", "IPTC", "OWN", "RDF", "Places", "resolved", "tag_at"]

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
OWN = "urn:photochrom:xmp/1.0/"
_NOTE = ("DigitalSourceType", "AISystemUsed", "AISystemVersionUsed")

_TAG = re.compile(
    rb"""<(?P<name>[^\s/>]+)(?P<attributes>(?:\s+[^\s=/>"']+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*/?>""", re.DOTALL
)
ATTRIBUTE = re.compile(rb"""\s+([^\s=/>"']+)\s*=\s*(?:"[^"]*"|'[^']*')""", re.DOTALL)
_DEEPEST = 16  # element in which a namespace is looked for; XMP has its own four deep


@dataclass
class Places:
    """Where in a packet the note goes, and what it says already; all places in bytes from its start.

    Attributes:
        note: what the packet says of the three properties of the note.
        own: and of photochrom's own.
        stale: where it does so, by name, from and to.
        described: end of the attributes of the first ``rdf:Description``, or None if there is none.
        prefixes: namespace of each prefix that holds there.
        rdf: where the contents of ``rdf:RDF`` begin (or its ``/>`` does), its name, and whether it is empty.
        outer: namespace of each prefix that holds in ``rdf:RDF``.
        tops: of each ``rdf:Description``, the end of its attributes and the prefixes that it declares.
    """

    note: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    stale: list[tuple[str, tuple[int, int]]] = field(default_factory=list)
    described: int | None = None
    prefixes: dict[str, str] = field(default_factory=dict)
    rdf: tuple[int, bytes, bool] = (0, b"", False)
    outer: dict[str, str] = field(default_factory=dict)
    tops: list[tuple[int, frozenset[str]]] = field(default_factory=list)

    @classmethod
    def find(cls, text: bytes) -> Places:
        """Go through a packet of UTF-8, or of what some programs write in its stead.

        Raises:
            expat.ExpatError: if it is not well-formed.
            ValueError: if it has a DOCTYPE, or no ``rdf:RDF``.
        """
        try:
            return cls()._found(text, "utf-8")
        except expat.ExpatError:
            # Latin-1 is no UTF-8, but markup is ASCII in both, so that it is found all the same.
            return cls()._found(text, "iso-8859-1")

    def _found(self, text: bytes, encoding: str) -> Places:
        parser = expat.ParserCreate(encoding)
        names: list[tuple[str, str]] = []  # (namespace, local name) of the open elements
        scopes: list[dict[str, str]] = [{}]
        value: list[str] = []
        opened = 0

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal opened
            declared = {k[6:]: v for k, v in attributes.items() if k == "xmlns" or k.startswith("xmlns:")}
            scopes.append({**scopes[-1], **declared} if declared and len(scopes) < _DEEPEST else scopes[-1])
            names.append(resolved(name, scopes[-1]))
            at = parser.CurrentByteIndex
            if names[-1] == (RDF, "RDF") and not self.rdf[0]:
                tag = tag_at(text, at)
                empty = tag[0].endswith(b"/>")
                self.rdf = (tag.end() - 2 if empty else tag.end(), tag["name"], empty)
                self.prefixes = self.outer = scopes[-1]
            elif names[-2:] == [(RDF, "RDF"), (RDF, "Description")]:
                self._describe(tag_at(text, at), attributes, scopes[-1], frozenset(declared))
            elif _is_property(names):
                opened = at
                value.clear()
                value.append(attributes.get("rdf:resource", ""))

        def end(name: str) -> None:
            if _is_property(names):
                tag = tag_at(text, opened)
                closing = parser.CurrentByteIndex
                stop = tag.end() if tag[0].endswith(b"/>") else text.index(b">", closing) + 1
                first = opened
                while text[first - 1 : first] in (b" ", b"\t", b"\r", b"\n"):
                    first -= 1
                self.stale.append((names[-1][1], (first, stop)))
                self.note[names[-1][1]] = "".join(value).strip()
            names.pop()
            scopes.pop()

        def refuse(*_: Any) -> None:
            raise ValueError("an XMP packet with a DOCTYPE")

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = value.append
        parser.StartDoctypeDeclHandler = refuse
        parser.Parse(text, True)
        if not self.rdf[0]:
            raise ValueError("no rdf:RDF")
        return self

    def _describe(
        self, tag: re.Match[bytes], attributes: dict[str, str], scope: dict[str, str], declared: frozenset[str]
    ) -> None:
        if self.described is None:
            self.described, self.prefixes = tag.end("attributes"), scope
        self.tops.append((tag.end("attributes"), declared))
        for attribute in ATTRIBUTE.finditer(tag.string, *tag.span("attributes")):
            name = attribute[1].decode(errors="replace")
            namespace, local = resolved(name, scope)
            if ":" in name and (namespace == OWN or (namespace == IPTC and local in _NOTE)):
                (self.own if namespace == OWN else self.note)[local] = attributes[name]
                self.stale.append((local, attribute.span()))


def resolved(name: str, scope: dict[str, str]) -> tuple[str, str]:
    """Return the namespace that a name's prefix has in a scope, and the local name."""
    prefix, _, local = name.rpartition(":")
    return scope.get(prefix, ""), local


def _is_property(names: list[tuple[str, str]]) -> bool:
    """Whether the innermost element is a property, of one of the topmost descriptions, that matters here."""
    if len(names) < 3 or names[-3:-1] != [(RDF, "RDF"), (RDF, "Description")] or (RDF, "RDF") in names[:-3]:
        return False
    namespace, local = names[-1]
    return namespace == IPTC and local in _NOTE


def tag_at(text: bytes, at: int) -> re.Match[bytes]:
    """Return the start tag at a place, its ``name`` and ``attributes`` as groups.

    Raises:
        ValueError: if there is none.
    """
    tag = _TAG.match(text, at)
    if tag is None:
        raise ValueError(f"no tag at byte {at}")
    return tag
