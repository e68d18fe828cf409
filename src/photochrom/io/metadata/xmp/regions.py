"""Regions in XMP, such as faces with names, moved to where the pixels went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from photochrom.io.metadata.placement import Placement
from photochrom.io.metadata.xmp.places import IPTC
from photochrom.io.metadata.xmp.tree import Change, Name, Node, Packet

__all__ = ["REGION_PROPERTIES", "moved_regions"]

_MWG = "http://www.metadataworkinggroup.com/schemas/regions/"
_AREA, _SIDES = "http://ns.adobe.com/xmp/sType/Area#", "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
_ACDSEE = "http://ns.acdsee.com/regions/"
_ACDSEE_AREA, _ACDSEE_SIDES = "http://ns.acdsee.com/sType/Area#", "http://ns.acdsee.com/sType/Dimensions#"
_APPLE = "http://ns.apple.com/faceinfo/1.0/"
_MICROSOFT = "http://ns.microsoft.com/photo/1.2/"


@dataclass(frozen=True)
class _Schema:
    """The names that the Metadata Working Group's regions have, and ACDSee's of the same shape."""

    space: str
    area: str
    sides: str
    areas: tuple[str, ...]


_SCHEMAS = {
    (_MWG, "Regions"): _Schema(_MWG, _AREA, _SIDES, ("Area",)),
    (_MWG, "RegionInfo"): _Schema(_MWG, _AREA, _SIDES, ("Area",)),
    (_ACDSEE, "Regions"): _Schema(_ACDSEE, _ACDSEE_AREA, _ACDSEE_SIDES, ("DLYArea", "ALGArea", "Area")),
}


def moved_regions(packet: Packet, node: Node, placement: Placement) -> list[Change]:
    """Move the regions of a property, one of `REGION_PROPERTIES`.

    A region whose numbers cannot be read goes where the pixels are turned, for it would point elsewhere.

    Args:
        packet: that the property is in.
        node: the property.
        placement: where the pixels went, not side by side.
    """
    return REGION_PROPERTIES[node.name](packet, node, placement)


def _mwg(packet: Packet, node: Node, placement: Placement) -> list[Change]:
    """Move regions whose x and y are the middle of an area (MWG, Guidelines for Handling Image Metadata 2.0)."""
    schema = _SCHEMAS[node.name]
    info = packet.fields(node)
    sides = packet.fields(info.get((schema.space, "AppliedToDimensions")))
    named = [sides.get((schema.sides, name)) for name in "wh"]
    numbers = [packet.number(each) for each in named]
    width, height = (float(side) for side in placement.stored)
    moved, now = placement, placement.size
    changes: list[Change] = []
    if all(named) and None not in numbers and min(n or 0 for n in numbers) > 0:
        width, height = (n or 0 for n in numbers)
        moved, now = placement.applied_to(width, height)
        changes += [packet.replaced(each, str(n)) for each, n in zip(named, now, strict=True) if each is not None]
    for region in packet.items(info.get((schema.space, "RegionList"))):
        fields = packet.fields(region)
        areas = [fields[schema.space, name] for name in schema.areas if (schema.space, name) in fields]
        own: list[Change] | None = []
        for area in areas:
            places = _moved_area(packet, packet.fields(area), schema.area, moved, (width, height), now)
            own = None if own is None or places is None else own + places
        if own is None:
            changes.append(_without(region))
            continue
        changes += own
        if moved.turned != 1:  # angles of the head in a picture that lay otherwise
            extensions = packet.fields(fields.get((_MWG, "Extensions")))
            stale = [fields.get((schema.space, "Rotation"))]
            stale += [extensions.get((_APPLE, name)) for name in ("AngleInfoRoll", "AngleInfoYaw")]
            changes += [_without(each) for each in stale if each is not None]
    return changes


def _moved_area(
    packet: Packet,
    area: dict[Name, Node],
    space: str,
    placement: Placement,
    before: tuple[float, float],
    now: tuple[int, int],
) -> list[Change] | None:
    nodes = {name: area.get((space, name)) for name in ("x", "y", "w", "h", "d")}
    numbers = {name: packet.number(node) for name, node in nodes.items()}
    in_pixels = packet.said(area.get((space, "unit"))).lower().startswith("pixel")
    if placement.turned == 1 and not in_pixels:
        return []
    x, y, w, h, d = (numbers[name] for name in ("x", "y", "w", "h", "d"))
    if x is None or y is None:
        return None
    old, new = (before, now) if in_pixels else ((1.0, 1.0), (1, 1))
    right: dict[str, float] = {}
    right["x"], right["y"] = placement.point(x / old[0], y / old[1])
    if w is not None and h is not None:
        right["w"], right["h"] = placement.extent(w / old[0], h / old[1])
    elif w is not None or h is not None:
        return None
    right = {name: n * new[name in ("y", "h")] for name, n in right.items()}
    if d is not None and in_pixels:  # else a fraction of the shorter side, which stays it
        right["d"] = d / min(old) * min(new)
    return [
        packet.replaced(node, right[name]) for name, node in nodes.items() if node is not None and name in right
    ]


def _microsoft(packet: Packet, node: Node, placement: Placement) -> list[Change]:
    """Move rectangles "x, y, width, height" in fractions, from their upper left corner (People Tagging)."""
    changes: list[Change] = []
    if placement.turned == 1:
        return changes
    regions = packet.fields(node).get((f"{_MICROSOFT}t/RegionInfo#", "Regions"))
    for region in packet.items(regions):
        rectangle = packet.fields(region).get((f"{_MICROSOFT}t/Region#", "Rectangle"))
        if rectangle is None:
            continue
        try:
            x, y, width, height = (float(number) for number in packet.said(rectangle).split(","))
        except ValueError:
            changes.append(_without(region))
            continue
        numbers = (f"{n:.6f}".rstrip("0").rstrip(".") for n in placement.box(x, y, width, height))
        changes.append(packet.replaced(rectangle, ", ".join(numbers)))
    return changes


def _iptc(packet: Packet, node: Node, placement: Placement) -> list[Change]:
    """Move rectangles, circles and polygons (IPTC Photo Metadata Standard 2019.1, Image Region)."""
    changes: list[Change] = []
    for region in packet.items(node):
        boundary = packet.fields(packet.fields(region).get((IPTC, "RegionBoundary")))
        moved = _moved_boundary(packet, boundary, placement)
        changes += [_without(region)] if moved is None else moved
    return changes


def _moved_boundary(packet: Packet, boundary: dict[Name, Node], placement: Placement) -> list[Change] | None:
    in_pixels = packet.said(boundary.get((IPTC, "rbUnit"))).lower() == "pixel"
    if not boundary or (placement.turned == 1 and not in_pixels):
        return []
    old, new = (placement.stored, placement.size) if in_pixels else ((1, 1), (1, 1))
    shape = packet.said(boundary.get((IPTC, "rbShape"))).lower()
    if shape == "polygon":
        moved: list[Change] = []
        for vertex in packet.items(boundary.get((IPTC, "rbVertices"))):
            changes = _moved_numbers(packet, packet.fields(vertex), ("rbX", "rbY"), placement.point, old, new)
            if changes is None:
                return None
            moved += changes
        return moved
    if shape == "rectangle":
        return _moved_numbers(packet, boundary, ("rbX", "rbY", "rbW", "rbH"), placement.box, old, new)
    moved_middle = _moved_numbers(packet, boundary, ("rbX", "rbY"), placement.point, old, new)
    radius = boundary.get((IPTC, "rbRx"))
    length = packet.number(radius)
    if radius is None or length is None or moved_middle is None:
        return None
    pixels = length / old[0] * placement.stored[0] * placement.scale[0]  # relative ones are of the width
    return [*moved_middle, packet.replaced(radius, pixels / placement.size[0] * new[0])]


def _moved_numbers(
    packet: Packet,
    fields: dict[Name, Node],
    names: tuple[str, ...],
    move: Callable[..., tuple[float, ...]],
    old: tuple[int, int],
    new: tuple[int, int],
) -> list[Change] | None:
    nodes = [fields.get((IPTC, name)) for name in names]
    numbers = [packet.number(node) for node in nodes]
    fractions = [number / old[n % 2] for n, number in enumerate(numbers) if number is not None]
    if len(fractions) < len(names):
        return None
    right = [fraction * new[n % 2] for n, fraction in enumerate(move(*fractions))]
    return [packet.replaced(node, n) for node, n in zip(nodes, right, strict=True) if node is not None]


def _without(node: Node) -> Change:
    return (*node.span, b"")


REGION_PROPERTIES: dict[Name, Callable[[Packet, Node, Placement], list[Change]]] = {
    (_MWG, "Regions"): _mwg,
    (_MWG, "RegionInfo"): _mwg,
    (_ACDSEE, "Regions"): _mwg,
    (_MICROSOFT, "RegionInfo"): _microsoft,
    (IPTC, "ImageRegion"): _iptc,
}
"""Properties that hold regions, each with what moves them."""
