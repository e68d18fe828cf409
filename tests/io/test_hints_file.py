"""Hint files: what is written is read, and what is wrong is named by its entry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import Hint
from photochrom.errors import HintError
from photochrom.io.hints_file import hints_text, read_hints

FRACTION = st.floats(0, 1)
AB = st.floats(-110, 110)
HINT = st.builds(
    Hint,
    FRACTION,
    FRACTION,
    st.one_of(st.tuples(AB, AB), st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")),
)


@settings(max_examples=60, deadline=None)
@given(hints=st.lists(HINT, max_size=5))
def test_hints_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, hints: list[Hint]) -> None:
    path = tmp_path_factory.mktemp("hints") / "hints.json"
    path.write_text(hints_text(hints), encoding="utf-8")
    assert read_hints(path) == tuple(hints)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("wrap", [lambda hints: hints, lambda hints: {"hints": hints, "photo": "a.jpg"}])
def test_a_list_is_read_alone_or_in_an_object(tmp_path: Path, mark: str, wrap) -> None:
    path = tmp_path / "hints.json"
    entry = {"x": 0.25, "y": 0.5, "color": "#8b4513"}
    path.write_text(mark + json.dumps(wrap([entry])), encoding="utf-8")
    assert read_hints(path) == (Hint(0.25, 0.5, "#8b4513"),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[{]", "is no JSON (line 1, column 3"),
        (b"\xff\xfe", "it is no text in UTF-8"),
        (b'{"points": []}', "holds no list of hints"),
        (b"3", "holds no list of hints"),
        (b"[" * 100_000, "nests too deeply"),
        (b"[3]", "hint 1: is no object"),
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
