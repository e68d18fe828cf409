"""XMP made true of a photo with new pixels: moved, corrected or left out, and all else as it was, to the byte."""

from __future__ import annotations

from fractions import Fraction
from xml.parsers import expat

from photochrom.io.metadata.left_out import PANORAMA, REGIONS, part_of_item
from photochrom.io.metadata.placement import Placement
from photochrom.io.metadata.xmp.encoding import from_utf8, to_utf8
from photochrom.io.metadata.xmp.regions import REGION_PROPERTIES, moved_regions
from photochrom.io.metadata.xmp.rules import CONTAINERS, DC, EXIF, EXIF_EX, PANORAMA_SIZES, TIFF, reason_to_go
from photochrom.io.metadata.xmp.tree import Change, Name, Node, Packet, changed

__all__ = ["subject", "true_of_pixels"]

_POINTS = {(EXIF, "SubjectArea"), (EXIF, "SubjectLocation")}
_FOCAL_PLANE = [(EXIF, "FocalPlaneXResolution"), (EXIF, "FocalPlaneYResolution")]
_RESOLUTION = [(TIFF, "XResolution"), (TIFF, "YResolution")]
_CROPPED = ("CroppedAreaImageWidthPixels", "CroppedAreaImageHeightPixels")
_ACROSS = (
    *("CroppedAreaImageWidthPixels", "CroppedAreaLeftPixels", "FullPanoWidthPixels"),
    *("LargestValidInteriorRectLeft", "LargestValidInteriorRectWidth"),
)
_DOWN = (
    *("CroppedAreaImageHeightPixels", "CroppedAreaTopPixels", "FullPanoHeightPixels"),
    *("LargestValidInteriorRectTop", "LargestValidInteriorRectHeight"),
)


def true_of_pixels(
    packet: bytes, placement: Placement, *, orientation: int = 1, media_type: str | None = None
) -> tuple[bytes, tuple[str, ...]]:
    """Make a packet true of a photo with new pixels in sRGB; whatever else it says stays byte for byte.

    Args:
        packet: of any of XML's encodings, with or without its ``xpacket`` wrapper; what is no XMP is returned as
            it is.
        placement: where the pixels went.
        orientation: 1..8, how they have to be turned. By another one, viewers that read XMP would turn the photo
            once more.
        media_type: of the result, where it is known.

    Returns:
        The packet, and the names of what the photo's file held besides that the result does not.
    """
    try:
        text, encoding = to_utf8(packet)
        start, stop = text.find(b"<"), text.rfind(b">") + 1
        read = Packet(text[start:stop])
        changes, left_out = _changes(read, placement, orientation, media_type)
        if not changes:
            return packet, left_out
        whole = b"".join([text[:start], changed(read.text, changes), text[stop:]])
        return (packet if whole == text else from_utf8(whole, encoding)), left_out
    except (expat.ExpatError, ValueError):  # of which a UnicodeError is one
        return packet, ()


def _changes(
    packet: Packet, placement: Placement, orientation: int, media_type: str | None
) -> tuple[list[Change], tuple[str, ...]]:
    properties: dict[Name, list[Node]] = {}
    for node in packet.properties():
        properties.setdefault(node.name, []).append(node)
    changes: list[Change] = []
    left_out: list[str] = []

    def drop(node: Node, *told: str) -> None:
        changes.append((*node.span, b""))
        left_out.extend(told)

    values = _values(packet, properties, placement, orientation, media_type)
    panorama = [node for name, nodes in properties.items() if name[0] == PANORAMA_SIZES for node in nodes]
    sizes = _panorama_sizes(packet, panorama, placement) if panorama else None
    for name, nodes in properties.items():
        for node in nodes:
            told = reason_to_go(*name)
            if told is not None:
                drop(node, told)
            elif name[0] in CONTAINERS:
                drop(node, *_items(packet, node))
            elif name[0] == PANORAMA_SIZES and sizes is None:
                drop(node, PANORAMA)
            elif not placement.alone and (name in REGION_PROPERTIES or name in (*_POINTS, *_FOCAL_PLANE)):
                drop(node, *([REGIONS] if name in REGION_PROPERTIES else []))
            elif not placement.is_same and name in REGION_PROPERTIES:
                changes += moved_regions(packet, node, placement)
            elif not placement.is_same and name in _POINTS:
                changes += _moved_subject(packet, node, placement)
            elif name in values and packet.said(node):
                changes.append(packet.replaced(node, values[name]))
    return [*changes, *(sizes or [])], tuple(dict.fromkeys(filter(None, left_out)))


def _values(
    packet: Packet,
    properties: dict[Name, list[Node]],
    placement: Placement,
    orientation: int,
    media_type: str | None,
) -> dict[Name, str]:
    """Say what simple properties are to be, where the packet has them."""
    width, height = map(str, placement.size)
    values = {
        (TIFF, "Orientation"): str(orientation),
        (TIFF, "ImageWidth"): width,
        (TIFF, "ImageLength"): height,
        (EXIF, "PixelXDimension"): width,
        (EXIF, "PixelYDimension"): height,
        (EXIF, "ColorSpace"): "1",
    }
    index = (EXIF_EX, "InteroperabilityIndex")
    if any(packet.said(node) == "R03" for node in properties.get(index, [])):  # which is for Adobe RGB
        values[index] = "R98"
    if media_type:
        values[DC, "format"] = media_type
    if placement.alone:
        values |= _resolutions(packet, properties, _FOCAL_PLANE, placement, placement.scale)
        values |= _resolutions(packet, properties, _RESOLUTION, placement, (1.0, 1.0))
    return values


def _resolutions(
    packet: Packet,
    properties: dict[Name, list[Node]],
    names: list[Name],
    placement: Placement,
    scale: tuple[float, float],
) -> dict[Name, str]:
    numbers = [packet.number(next(iter(properties.get(name, [])), None)) for name in names]
    found = [number for number in numbers if number is not None]
    if len(found) < 2 or (not placement.swaps and scale == (1.0, 1.0)):
        return {}
    scaled = [number * by for number, by in zip(found, scale, strict=True)]
    ratios = (Fraction(number).limit_denominator(100_000) for number in placement.extent(scaled[0], scaled[1]))
    return dict(zip(names, (f"{ratio.numerator}/{ratio.denominator}" for ratio in ratios), strict=True))


def _items(packet: Packet, node: Node) -> list[str]:
    """Name what Google's container lists besides the photo."""
    told = []
    for item in packet.items(node):
        fields = packet.fields(item)
        inner = [packet.fields(field) for (_, local), field in fields.items() if local == "Item"]
        for each in (fields, *inner):
            told += [part_of_item(packet.said(field)) for (_, local), field in each.items() if local == "Semantic"]
    return told


def _moved_subject(packet: Packet, node: Node, placement: Placement) -> list[Change]:
    """Move a point in pixels that a diameter, or width and height, may follow."""
    items = packet.items(node)
    numbers = [number for item in items if (number := packet.number(item)) is not None]
    if len(numbers) != len(items) or len(numbers) < 2:
        return [(*node.span, b"")]
    right = subject(numbers, placement)
    return [packet.replaced(item, str(number)) for item, number in zip(items, right, strict=True)]


def subject(numbers: list[float], placement: Placement) -> list[int]:
    """Move EXIF's subject: x and y, and a diameter, or width and height, in pixels (EXIF 2.32, SubjectArea)."""
    scale = placement.scale
    sides = [side * by for side, by in zip(numbers[2:], scale, strict=False)]
    moved = [*placement.pixel(numbers[0], numbers[1])]
    moved += placement.extent(sides[0], sides[1]) if len(sides) == 2 else sides
    return [max(0, round(number)) for number in moved] + [0] * (len(numbers) - len(moved))


def _panorama_sizes(packet: Packet, nodes: list[Node], placement: Placement) -> list[Change] | None:
    """Scale a panorama's sizes, which are those of the upright picture; None where it is one no longer."""
    if not placement.alone:
        return None
    named = {node.name[1]: node for node in nodes}
    cropped = tuple(packet.number(named.get(name)) for name in _CROPPED)
    shown = placement.stored[::-1] if placement.swaps else placement.stored
    if placement.turned != 1 and cropped != shown:
        return None
    across, down = (new / max(1, old) for new, old in zip(placement.size, shown, strict=True))
    if (across, down) == (1.0, 1.0):
        return []
    changes = []
    for names, by in ((_ACROSS, across), (_DOWN, down)):
        for name in names:
            number = packet.number(named.get(name))
            if number is not None:
                changes.append(packet.replaced(named[name], str(round(number * by))))
    return changes
