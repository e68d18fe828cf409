"""Hint files: what is written is read, and what is wrong is named by its entry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import Hint, Region
from photochrom.errors import HintError
from photochrom.io.hints_file import HintsFile, hints_schema, hints_text, read_hints

FRACTION = st.floats(0, 1)
AB = st.floats(-110, 110)
COLOR = st.one_of(st.tuples(AB, AB), st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}"), st.just("none"))
REACH = st.none() | FRACTION
PLACE = st.tuples(FRACTION, FRACTION)
SHAPES = {
    "points": st.lists(PLACE, min_size=1, max_size=3),
    "stroke": st.lists(PLACE, min_size=1, max_size=3),
    "area": st.lists(PLACE, min_size=3, max_size=5),
}
HINT = st.one_of(
    st.builds(Hint, FRACTION, FRACTION, COLOR, REACH),
    *(st.builds(Hint, color=COLOR, reach=REACH, **{kind: places}) for kind, places in SHAPES.items()),
)
REGION = st.one_of(
    st.builds(Region, area=SHAPES["area"]),
    st.builds(Region, stroke=SHAPES["stroke"], width=st.none() | st.floats(0.01, 1)),
)


@settings(max_examples=60, deadline=None)
@given(hints=st.lists(HINT, max_size=5), protected=st.lists(REGION, max_size=2))
def test_hints_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, hints: list[Hint], protected: list[Region]
) -> None:
    path = tmp_path_factory.mktemp("hints") / "hints.json"
    text = hints_text(hints, protected)
    path.write_text(text, encoding="utf-8")
    assert read_hints(path) == HintsFile(hints=tuple(hints), protected=tuple(protected))


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("wrap", [lambda hints: hints, lambda hints: {"hints": hints, "photo": "a.jpg"}])
def test_a_list_is_read_alone_or_in_an_object(tmp_path: Path, mark: str, wrap) -> None:
    path = tmp_path / "hints.json"
    entry = {"x": 0.25, "y": 0.5, "color": "#8b4513"}
    path.write_text(mark + json.dumps(wrap([entry])), encoding="utf-8")
    assert read_hints(path).hints == (Hint(0.25, 0.5, "#8b4513"),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[{]", "is no JSON (line 1, column 3"),
        (b"\xff\xfe", "it is no text in UTF-8"),
        (b'{"points": []}', "holds no list of hints"),
        (b"3", "holds no list of hints"),
        (b"[" * 100_000, "nests too deeply"),
        (b"[3]", "hint 1: is no object"),
        (b'{"version": 2}', "is of version 2 of hints, and this photochrom reads 1; update"),
        (b'{"version": 1, "hint": []}', 'has "hint", which is not known here'),
        (b'{"version": 1, "hints": 3}', "holds hints that are no list"),
        (
            b'{"version": 1, "protected": [{"area": [[0, 0], [1, 1]]}]}',
            "protected region 1: has an area of 2 corners",
        ),
        (
            b'{"version": 1, "protected": [{"area": [[0, 0], [1, 1]], "color": "none"}]}',
            "has a color, which no region",
        ),
        (b'[{"color": "#ffffff"}]', "hint 1: has no place; give it x and y, points, a stroke or an area"),
        (b'[{"stroke": [[0, 1], [0]], "color": "#ffffff"}]', "hint 1: has a stroke that cannot be read"),
        (
            b'[{"stroke": [[0, 1], [0, 7]], "color": "#ffffff"}]',
            "hint 1: has 0, 7 in its stroke, outside the photo",
        ),
        (b'[{"x": 0.5, "y": 0.5, "color": "none", "reach": 2}]', "hint 1: has a reach of 2; use 0 to 1"),
        (b'[{"x": 0.5, "color": "#ffffff"}]', "hint 1: has no y"),
        (b'[{"x": 0.5, "y": 0.5, "color": "#ffffff", "z": 1}]', "hint 1: has a z, which no hint has"),
        (b'[{"x": "left", "y": 0.5, "color": "#ffffff"}]', "hint 1: has a x that cannot be read"),
        (b'[{"x": 0.5, "y": 0.5, "color": "#ffffff"}, {"x": 2, "y": 0.5, "color": "#ffffff"}]', "hint 2: "),
    ],
)
def test_what_is_wrong_is_named_in_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "hints.json"
    path.write_bytes(content)
    with pytest.raises(HintError) as caught:
        read_hints(path)
    assert str(caught.value).startswith(f"{path}: {message}") or message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(HintError, match="No such file or directory"):
        read_hints(tmp_path / "missing.json")


def test_the_schema_says_what_is_read() -> None:
    schema = hints_schema()
    assert schema["required"] == ["version"]
    assert schema["properties"].keys() == {"$schema", "version", "hints", "protected"}
    hint, region = (schema["$defs"][name] for name in ("Hint", "Region"))
    assert hint["required"] == ["color"]
    assert hint["oneOf"] == [{"required": keys} for keys in (["x", "y"], ["points"], ["stroke"], ["area"])]
    assert region["oneOf"] == [{"required": [key]} for key in ("area", "stroke")]
    assert (
        hint["additionalProperties"] is region["additionalProperties"] is schema["additionalProperties"] is False
    )
    for entry in ({"x": 0.5, "y": 0.5}, {"points": [[0, 1]]}, {"stroke": [[0, 1]], "width": 0.1}):
        assert entry.keys() <= hint["properties"].keys()
