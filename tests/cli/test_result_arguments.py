"""Colour options on the command line, end to end."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from photochrom import Colorizer, Hint, Options, Picture, Region, palette_of
from photochrom.cli.main import main
from photochrom.io.hints_file import hints_schema, hints_text, read_hints

Printed = pytest.CaptureFixture[str]
BLUE = {"x": 0.25, "y": 0.5, "color": "#3060c0"}


@pytest.fixture
def photo(tmp_path: Path, grey: np.ndarray) -> Path:
    return Picture.from_array(grey).save(tmp_path / "photo.png")


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    pixels = np.zeros((20, 20, 3), np.uint8)
    pixels[:, :10], pixels[:, 10:] = (40, 90, 190), (60, 140, 200)
    return Picture.from_array(pixels).save(tmp_path / "sea.png")


def colorize(network: Path, *arguments: object) -> int:
    return main(["colorize", "-j1", *map(str, arguments), "--network", str(network)])


def one_error(code: int, capsys: Printed) -> str:
    printed = capsys.readouterr()
    assert code == 1
    assert printed.err.startswith("photochrom: ")
    assert printed.err.count("\n") == 1
    return printed.err


def test_vividness_hints_and_a_reference_are_those_of_python(
    hinting: Path, photo: Path, reference: Path, tmp_path: Path
) -> None:
    corner = Region(area=[(0.2, 0.4), (0.6, 0.4), (0.3, 0.9)])
    (tmp_path / "hints.json").write_text(hints_text([Hint(**BLUE)], [corner]))
    engine = Colorizer(hinting)
    for arguments, options in (
        (["--vividness", "0.9"], Options(vividness=0.9)),
        (["--hints", tmp_path / "hints.json"], Options(hints=(Hint(**BLUE),), protected=(corner,))),
        (
            ["--hints", tmp_path / "hints.json", "--reach", "1"],
            Options(hints=(Hint(**BLUE),), protected=(corner,), reach=1),
        ),
        (["--reference", reference], Options(palette=palette_of(reference))),
        (
            ["--reference", reference, "--reference-strength", "0.4"],
            Options(palette=palette_of(reference), palette_strength=0.4),
        ),
    ):
        assert colorize(hinting, photo, "-o", tmp_path / "result.png", "--overwrite", *arguments) == 0
        result = Picture.read(tmp_path / "result.png").pixels
        assert np.array_equal(result, engine(photo, options).pixels)
        assert not np.array_equal(result, engine(photo).pixels)


def test_a_folder_remembers_options(
    hinting: Path, photo: Path, reference: Path, tmp_path: Path, capsys: Printed
) -> None:
    (tmp_path / "hints.json").write_text(json.dumps([BLUE]))
    for options in ([], ["--hints", tmp_path / "hints.json"], ["--reference", reference, "--vividness", 1]):
        for said in ("1 colorized, 0 skipped", "0 colorized, 1 skipped"):
            assert colorize(hinting, photo, "-o", tmp_path / "out", *options) == 0
            assert capsys.readouterr().out.startswith(said)


def test_alternatives_keep_what_the_photo_carried(hinting: Path, tmp_path: Path, grey: np.ndarray) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112], exif[0x013B] = 6, "Ada"
    PIL.Image.fromarray(grey).save(tmp_path / "photo.jpg", exif=exif)
    out = tmp_path / "new" / "out.jpg"
    assert colorize(hinting, tmp_path / "photo.jpg", "-o", out, "--alternatives", 3, "-q") == 0
    assert sorted(path.name for path in out.parent.iterdir()) == ["out-1.jpg", "out-2.jpg", "out-3.jpg"]
    results = [Picture.read(path).pixels for path in sorted(out.parent.iterdir())]
    assert not any(np.array_equal(one, other) for one, other in pairwise(results))
    for path in out.parent.iterdir():
        with PIL.Image.open(path) as result:
            assert result.size == (60, 40)
            assert (result.getexif()[0x0112], result.getexif()[0x013B]) == (6, "Ada")
    assert colorize(hinting, tmp_path / "photo.jpg", "-o", tmp_path / "new" / "plain.jpg", "-q") == 0
    assert (out.parent / "out-1.jpg").read_bytes() == (out.parent / "plain.jpg").read_bytes()


def test_16_bits_and_alpha_stay_in_alternatives(hinting: Path, tmp_path: Path, grey: np.ndarray) -> None:
    wide = np.stack([grey.astype(np.uint16) * 250, np.full(grey.shape, 30_000, np.uint16)], axis=-1)
    photo = Picture.from_array(wide).save(tmp_path / "photo.png")
    assert colorize(hinting, photo, "-o", tmp_path / "out.png", "--alternatives", 2) == 0
    for number in (1, 2):
        result = Picture.read(tmp_path / f"out-{number}.png")
        assert result.pixels.dtype == np.uint16
        assert result.alpha is not None
        assert (result.alpha == 30_000).all()


def test_confidence_and_suggestions_lie_beside(
    hinting: Path, photo: Path, tmp_path: Path, capsys: Printed
) -> None:
    sure = tmp_path / "maps" / "sure.png"
    arguments = (photo, "-o", tmp_path / "out.png", "--confidence", sure, "--suggest", 3)
    assert colorize(hinting, *arguments) == 0
    engine = Colorizer(hinting)
    written = Picture.read(sure).pixels
    assert (written.dtype, written.shape) == (np.uint8, (40, 60, 1))
    assert np.abs(written[..., 0] / 255 - engine.open(photo).confidence()).max() < 0.01
    hints = read_hints(tmp_path / "out.hints.json").hints
    assert list(hints) == engine.open(photo).suggest(3)
    capsys.readouterr()
    assert "already there" in one_error(colorize(hinting, *arguments), capsys)
    again = (photo, "-o", tmp_path / "again.png", "--hints", tmp_path / "out.hints.json")
    assert colorize(hinting, *again) == 0
    assert np.array_equal(Picture.read(tmp_path / "again.png").pixels, engine(photo, hints=hints).pixels)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[{", "is no JSON (line 1, column"),
        (b"\xff\xfe", "cannot be read as hints (it is no text in UTF-8)"),
        ("3", "holds no list of hints"),
        ('{"points": []}', "holds no list of hints"),
        ("[" * 100_000, "nests too deeply"),
        ('["red"]', "hint 1: is no object"),
        ('[{"x": 0.5, "y": 0.5}]', "hint 1: has no color"),
        (json.dumps([BLUE, {**BLUE, "x": 1.5}]), "hint 2: a hint at 1.5, 0.5 lies outside the photo"),
        (json.dumps([{**BLUE, "x": "left"}]), "hint 1: has a x that cannot be read"),
        (json.dumps([{**BLUE, "color": "red"}]), "hint 1: the colour 'red' cannot be read"),
        (json.dumps([{**BLUE, "color": [1, 2, 3]}]), "hint 1: has a color that cannot be read"),
        (json.dumps([{**BLUE, "size": 3}]), "hint 1: has a size, which no hint has"),
        (json.dumps([{**BLUE, "\ud800": 3}]), "hint 1: cannot be read"),
    ],
)
def test_a_bad_file_of_hints_is_one_line(
    content: str | bytes, said: str, hinting: Path, photo: Path, tmp_path: Path, capsys: Printed
) -> None:
    path = tmp_path / "hints.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    error = one_error(colorize(hinting, photo, "-o", tmp_path / "out.png", "--hints", path), capsys)
    assert f"{path}: {said}" in error
    assert not (tmp_path / "out.png").exists()


def test_a_file_of_hints_may_begin_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "hints.json"
    path.write_text(json.dumps([BLUE]), encoding="utf-8-sig")  # as Windows editors write it
    assert read_hints(path).hints == (Hint(**BLUE),)


def test_a_missing_file_of_hints_or_reference_is_one_line(
    hinting: Path, photo: Path, tmp_path: Path, capsys: Printed
) -> None:
    for name, value, said in (
        ("--hints", tmp_path / "none.json", "No such file"),
        ("--reference", tmp_path / "none.jpg", "none.jpg: "),
        ("--reference", photo, "has no colours to take"),
    ):
        assert said in one_error(colorize(hinting, photo, "-o", tmp_path / "out.png", name, value), capsys)


def test_a_network_that_cannot_is_one_line_before_work(
    tint: Path, photo: Path, reference: Path, tmp_path: Path, capsys: Printed
) -> None:
    for arguments, said in (
        (["--vividness", 1], "takes no vividness"),
        (["--reference", reference], "cannot follow a palette"),
    ):
        assert said in one_error(colorize(tint, photo, "-o", tmp_path / "out", *arguments), capsys)
        assert not (tmp_path / "out").exists()
    for arguments, said in (
        (["--alternatives", 2], "gives no distribution"),
        (["--suggest", 2], "gives no distribution"),
        (["--confidence", tmp_path / "sure.png"], "gives no confidence"),
    ):
        code = colorize(tint, photo, "-o", tmp_path / "out.png", "-q", *arguments)
        assert said in one_error(code, capsys)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photo.png", "sea.png"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.jpg", "b.jpg", "-o", "out", "--hints", "h.json"], "--hints are of one photo"),
        ([".", "-o", "out", "--hints", "h.json"], "--hints are of one photo"),
        (["a.jpg", "-o", "out", "--alternatives", "2"], "--alternatives is for one photo"),
        ([".", "-o", "out", "--confidence", "c.png"], "--confidence is for one photo"),
        (["a.jpg", "b.jpg", "-o", "out", "--suggest", "2"], "--suggest is for one photo"),
        (["a.jpg", "-o", "-", "--alternatives", "2"], "--alternatives writes more files than one"),
        (["a.jpg", "-o", "-", "--suggest", "2"], "--suggest writes more files than one"),
        (["a.jpg", "-o", "b.jpg", "--confidence", "c.jpg"], "--confidence writes PNG"),
        (["a.jpg", "-o", "b.jpg", "--alternatives", "0"], "from 1 to 99"),
        (["a.jpg", "-o", "b.jpg", "--suggest", "many"], "from 1 to 99"),
        (["a.jpg", "-o", "b.jpg", "--vividness", "2"], "'2' is no number from 0 to 1"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], said: str, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: False, raising=False)
    with pytest.raises(SystemExit) as stop:
        main(["colorize", *arguments])
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def test_nothing_is_written_over_the_photo_or_twice(
    hinting: Path, photo: Path, tmp_path: Path, capsys: Printed
) -> None:
    before = photo.read_bytes()
    over = (photo, "-o", tmp_path / "out.png", "--overwrite", "--confidence")
    assert "written over itself" in one_error(colorize(hinting, *over, photo, "-q"), capsys)
    assert photo.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("photo.png -o out.png --confidence ./sub/../out.png", "out.png: would be written twice"),
        ("photo.png -o out.png --confidence link/out.png", "out.png: would be written twice"),
        ("photo.png -o out.png --suggest 2 --report out.hints.json", "out.hints.json: would be written twice"),
        ("photo.png -o out.png --alternatives 2 --confidence out-2.png", "out-2.png: would be written twice"),
        ("photo.png -o out.png --hints out.hints.json --suggest 2", "is what --hints reads"),
        ("photo.png -o out.png --hints out.hints.json --report out.hints.json", "is what --hints reads"),
        ("photo.png -o sea.png --reference sea.png", "sea.png: is what --reference reads"),
        ("photo.png -o sea.jpg --reference sea.png --confidence sea.png", "sea.png: is what --reference reads"),
    ],
)
def test_no_file_of_a_call_is_written_over_another(
    arguments: str,
    said: str,
    hinting: Path,
    photo: Path,
    reference: Path,
    tmp_path: Path,
    capsys: Printed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "out.hints.json").write_text(json.dumps([BLUE]))
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        colorize(hinting, *arguments.split(), "--overwrite", "-q")
    assert stop.value.code == 2
    assert said in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_the_schema_of_hint_files_is_printed(capsys: Printed) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == hints_schema()
    assert main(["schema", "options"]) == 0
    assert {"hints", "reach", "protected"} <= json.loads(capsys.readouterr().out)["properties"].keys()
