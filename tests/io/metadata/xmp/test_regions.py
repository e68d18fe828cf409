"""Regions land where the pixels landed: a marked box in an array, turned and shrunk by NumPy, is the measure."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.io.metadata.placement import Placement
from photochrom.io.metadata.xmp.corrected import true_of_pixels
from xmp_packets import FORMS, RDF, SPACES, item, packet_about, packet_of, structure

TURNS = [  # by EXIF orientation 1..8, of rows×columns
    lambda a: a,
    lambda a: a[:, ::-1],
    lambda a: a[::-1, ::-1],
    lambda a: a[::-1],
    lambda a: a.T,
    lambda a: np.rot90(a, -1),
    lambda a: np.rot90(a, 2).T,
    lambda a: np.rot90(a),
]


def values_of(packet: bytes, space: str) -> dict[str, list[str]]:
    """Collect attributes and texts of a namespace, by another parser."""
    found: dict[str, list[str]] = {}
    for element in ET.fromstring(packet).iter():
        pairs = [*element.attrib.items(), (element.tag, (element.text or "").strip())]
        for name, value in pairs:
            if name.startswith(f"{{{SPACES[space]}}}") and value:
                found.setdefault(name.partition("}")[2], []).append(value)
    return found


def box_of(mask: Any) -> list[float]:
    """Return the box of what is marked, as fractions: left, top, right, bottom."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return [
        columns[0] / mask.shape[1],
        rows[0] / mask.shape[0],
        (columns[-1] + 1) / mask.shape[1],
        (rows[-1] + 1) / mask.shape[0],
    ]


@st.composite
def turned_boxes(draw: st.DrawFn) -> Any:
    width, height = draw(st.integers(4, 60)), draw(st.integers(4, 60))
    left, top = draw(st.integers(0, width - 2)), draw(st.integers(0, height - 2))
    right, bottom = draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height))
    return (width, height), (left, top, right, bottom), draw(st.integers(1, 8)), draw(st.integers(1, 4))


@given(turned_boxes(), st.sampled_from(FORMS), st.sampled_from(["normalized", "pixel"]), st.booleans())
@settings(deadline=None, max_examples=150)
def test_regions_are_where_the_pixels_are(photo: Any, form: str, unit: str, in_16: bool) -> None:
    (width, height), (left, top, right, bottom), orientation, shrink = photo
    mask = np.zeros((height, width), bool)
    mask[top:bottom, left:right] = True
    turned = TURNS[orientation - 1](mask)
    size = turned.shape[1] * shrink, turned.shape[0] * shrink  # of the result; to enlarge it is exact
    packet = packet_about((left, top, right, bottom), (width, height), (width, height), form, unit)
    encoding = "utf-16-le" if in_16 else "utf-8"
    placement = Placement((width, height), size, orientation)
    moved, told = true_of_pixels(packet.decode().encode(encoding), placement)
    assert told == ()
    result = moved.decode(encoding).encode()
    right_box = box_of(turned)
    near = {"abs": 1e-5}
    by = size if unit == "pixel" else (1, 1)
    for space, sides, form_of in (("area", "dim", "rs"), ("acarea", "acdim", "ac")):
        numbers = {name: float(value[0]) for name, value in values_of(result, space).items() if name != "unit"}
        x, y, w, h = numbers["x"] / by[0], numbers["y"] / by[1], numbers["w"] / by[0], numbers["h"] / by[1]
        assert [x - w / 2, y - h / 2, x + w / 2, y + h / 2] == pytest.approx(right_box, **near)
        assert values_of(result, sides) == {"w": [str(size[0])], "h": [str(size[1])]}
        assert values_of(result, form_of)["Name"] == ["Oma"]
    x, y, w, h = (float(n) for n in values_of(result, "mpreg")["Rectangle"][0].split(","))
    assert [x, y, x + w, y + h] == pytest.approx(right_box, **near)
    iptc = {
        name: [float(v) for v in value]
        for name, value in values_of(result, "ext").items()
        if "rb" in name[:3] and name not in ("rbShape", "rbUnit", "rbVertices")
    }
    x, y, w, h = (iptc[name][0] / by[n % 2] for n, name in enumerate(("rbX", "rbY", "rbW", "rbH")))
    assert [x, y, x + w, y + h] == pytest.approx(right_box, **near)
    across, down = ([n / by[axis] for n in iptc[name][1:]] for axis, name in enumerate(("rbX", "rbY")))
    assert [min(across), min(down), max(across), max(down)] == pytest.approx(right_box, **near)
    subject = [int(li.text or "") for li in ET.fromstring(result).iter(f"{{{RDF}}}li") if not len(li) and li.text]
    x, y, w, h = subject[-4:]
    found = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
    assert found == pytest.approx([n * size[axis % 2] for axis, n in enumerate(right_box)], abs=1.1 * shrink)
    assert ("AngleInfoRoll" in values_of(result, "fi")) == (orientation == 1)
    assert values_of(result, "fi")["FaceID"] == ["7", "7"]


def test_regions_drawn_on_the_upright_picture_stay_where_it_is_turned() -> None:
    packet = packet_about((10, 10, 20, 30), (48, 64), (48, 64), "attributes", "normalized")
    before = values_of(packet, "area")
    turned, _ = true_of_pixels(packet, Placement((64, 48), (24, 32), 6))
    assert values_of(turned, "area") == before
    assert values_of(turned, "dim") == {"w": ["24"], "h": ["32"]}
    as_stored, _ = true_of_pixels(packet, Placement((64, 48), (32, 24)), orientation=6)
    assert values_of(as_stored, "area") == before
    assert values_of(as_stored, "dim") == {"w": ["24"], "h": ["32"]}


def test_regions_of_another_crop_stay_as_doubtful_as_they_were() -> None:
    packet = packet_about((10, 10, 20, 30), (64, 48), (640, 300), "resource", "normalized")
    moved, _ = true_of_pixels(packet, Placement((64, 48), (24, 32), 6))
    assert values_of(moved, "dim") == {
        "w": ["150"],
        "h": ["320"],
    }  # still no 3:4, so that readers leave them aside


def test_a_circle_keeps_its_size() -> None:
    circle = {"ext:rbShape": "circle", "ext:rbX": "0.25", "ext:rbY": "0.5", "ext:rbRx": "0.1"}
    for unit, by in (("relative", 1.0), ("pixel", 100.0)):
        numbers = circle | ({} if unit == "relative" else {"ext:rbX": "25", "ext:rbY": "25", "ext:rbRx": "10"})
        boundary = structure("ext:RegionBoundary", {**numbers, "ext:rbUnit": unit}, "resource")
        packet = packet_of(f"<ext:ImageRegion><rdf:Bag>{item(boundary)}</rdf:Bag></ext:ImageRegion>")
        moved, _ = true_of_pixels(packet, Placement((100, 50), (25, 50), 6))
        said = {name: float(value[0]) for name, value in values_of(moved, "ext").items() if name in circle_names}
        # 10 pixels of 100 across are now 5 of 25.
        assert said == {
            "rbX": 0.5 * (25 if by > 1 else 1),
            "rbY": 0.25 * (50 if by > 1 else 1),
            "rbRx": 0.2 * (25 if by > 1 else 1),
        }


circle_names = ("rbX", "rbY", "rbRx")


@pytest.mark.parametrize("number", ["", "unknown", "0,5", "nan", "1e999"])
def test_a_region_that_cannot_be_moved_goes_alone(number: str) -> None:
    packet = packet_about((10, 10, 20, 30), (64, 48), (64, 48), "resource", "normalized")
    broken = packet.replace(b"<area:x>", f"<area:x>{number}</area:x><area:was>".encode()).replace(
        b"</area:x>\n<area:y", b"</area:was>\n<area:y"
    )
    moved, _ = true_of_pixels(broken, Placement((64, 48), (48, 64), 6))
    assert "Name" not in values_of(moved, "rs")
    assert values_of(moved, "ac")["Name"] == ["Oma"]
    same, _ = true_of_pixels(broken, Placement((64, 48), (64, 48)))
    assert same == broken


def test_beside_its_photo_a_result_has_no_regions() -> None:
    packet = packet_about((10, 10, 20, 30), (64, 48), (64, 48), "attributes", "normalized")
    moved, told = true_of_pixels(packet, Placement((64, 48), (129, 48), alone=False))
    assert [values_of(moved, space) for space in ("rs", "mpreg", "ext", "ac")] == [{}] * 4
    assert b"SubjectArea" not in moved
    assert told == ("regions, such as faces, which would lie elsewhere",)


PANORAMA = {
    "pano:CroppedAreaImageWidthPixels": "400",
    "pano:CroppedAreaImageHeightPixels": "100",
    "pano:FullPanoWidthPixels": "800",
    "pano:FullPanoHeightPixels": "400",
    "pano:CroppedAreaLeftPixels": "100",
    "pano:CroppedAreaTopPixels": "150",
    "pano:ProjectionType": "equirectangular",
}


def test_a_panorama_shrinks_with_its_pixels() -> None:
    packet = packet_of("".join(f"<{key}>{value}</{key}>" for key, value in PANORAMA.items()))
    halved, told = true_of_pixels(packet, Placement((400, 100), (200, 50)))
    said = {name: value[0] for name, value in values_of(halved, "pano").items()}
    assert told == ()
    assert said["ProjectionType"] == "equirectangular"
    expected = {key.partition(":")[2]: str(int(v) // 2) for key, v in PANORAMA.items() if v.isdecimal()}
    assert {name: value for name, value in said.items() if value.isdecimal()} == expected
    # Its sizes are those of the upright picture: so they are where the stored one lies on its side.
    upright, told = true_of_pixels(packet, Placement((100, 400), (400, 100), 6))
    assert (upright, told) == (packet, ())
    for placement in (Placement((400, 100), (100, 400), 6), Placement((400, 100), (804, 100), alone=False)):
        gone, told = true_of_pixels(packet, placement)
        assert values_of(gone, "pano") == {}
        assert told == ("what made it a panorama",)
