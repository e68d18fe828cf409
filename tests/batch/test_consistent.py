"""Albums in folders: photos are taken together, and a call goes on where it was stopped."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photochrom.batch.manifest import COLORED, DONE, Manifest
from photochrom.batch.plan import PlanItem
from photochrom.batch.sessions import find_sessions
from photochrom.cli.main import main
from photochrom.io.picture import Picture
from two_views import EXAMPLES, grey_of, painted, two_views, write


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("album")
    for name, pixels in zip(("a.png", "b.png"), two_views(), strict=True):
        write(folder / name, pixels)
    write(folder / "c.png", grey_of("coffee.jpg")[..., None])
    return folder


def colorize(*arguments: object) -> int:
    return main(["colorize", *map(str, arguments), "-q", "-j1"])


def redness(path: Path) -> float:
    """How much more red than blue there is above, as `painted` has it."""
    above = Picture.read(path).pixels[:200].astype(float)
    return float((above[..., 0] - above[..., 2]).mean())


def rows(report: Path) -> dict[str, dict[str, object]]:
    return {Path(row["source"]).name: row for row in json.loads(report.read_text())["photos"]}


def test_an_album_is_taken_together_and_done_once(album: Path, tmp_path: Path) -> None:
    out, report = tmp_path / "out", tmp_path / "report.json"
    assert colorize(album, "-o", out, "--consistent", "--sheet", "--report", report) == 0
    said = json.loads(report.read_text())
    assert [[Path(name).name for name in group] for group in said["together"]] == [["a.png", "b.png"]]
    assert (said["done"], rows(report)["c.png"]["alike_to"]) == (3, [])
    made = {path.name: path.stat().st_mtime_ns for path in out.glob("*.png")}
    plain = tmp_path / "plain"
    assert colorize(album, "-o", plain) == 0
    same = [(out / name).read_bytes() == (plain / name).read_bytes() for name in ("a.png", "b.png", "c.png")]
    assert same == [False, False, True]

    assert colorize(album, "-o", out, "--consistent", "--report", report) == 0
    again = json.loads(report.read_text())
    assert (again["skipped"], again["together"]) == (3, said["together"])
    assert {path.name: path.stat().st_mtime_ns for path in out.glob("*.png")} == made

    lost = (out / "b.png").read_bytes()
    (out / "b.png").unlink()  # as if the call had been stopped before it
    assert colorize(album, "-o", out, "--consistent", "--report", report) == 0
    assert json.loads(report.read_text())["done"] == 1
    assert (out / "b.png").read_bytes() == lost


def test_a_photo_that_comes_has_its_session_done_again(album: Path, tmp_path: Path) -> None:
    folder, out, report = tmp_path / "folder", tmp_path / "out", tmp_path / "report.json"
    write(folder / "a.png", two_views()[0])
    write(folder / "other" / "c.png", grey_of("coffee.jpg")[..., None])
    assert colorize(folder, "-o", out, "--consistent") == 0
    write(folder / "b.png", two_views()[1])
    assert colorize(folder, "-o", out, "--consistent", "--report", report) == 0
    states = {name: row["state"] for name, row in rows(report).items()}
    assert states == {"a.png": "done", "b.png": "done", "c.png": "skipped"}


def test_a_broken_photo_fails_alone(album: Path, tmp_path: Path) -> None:
    folder, report = tmp_path / "folder", tmp_path / "report.json"
    for name, pixels in zip(("a.png", "b.png"), two_views(), strict=True):
        write(folder / name, pixels)
    (folder / "bad.png").write_bytes((album / "a.png").read_bytes()[:2000])
    assert colorize(folder, "-o", tmp_path / "out", "--consistent", "--report", report) == 1
    found = rows(report)
    assert (found["bad.png"]["state"], found["bad.png"]["code"]) == ("failed", "photo-unreadable")
    assert len(json.loads(report.read_text())["together"]) == 1


def test_a_corrected_photo_rules_an_album(album: Path, tmp_path: Path) -> None:
    red = tmp_path / "red.png"
    write(red, painted(two_views()[0]))
    out, report = tmp_path / "out", tmp_path / "report.json"
    assert colorize(album, "-o", out, "--like", red, "--report", report) == 0
    assert str(red) in rows(report)["a.png"]["alike_to"]
    assert min(redness(out / "a.png"), redness(out / "b.png")) > 25
    assert colorize(album, "-o", out, "--like", red, "--report", report) == 0
    assert json.loads(report.read_text())["skipped"] == 3
    red.unlink()
    write(red, painted(two_views()[0])[..., [2, 1, 0]])  # corrected again
    assert colorize(album, "-o", out, "--like", red, "--report", report) == 0
    assert json.loads(report.read_text())["done"] == 3


def test_a_colour_photo_that_is_left_alone_rules_the_rest(tmp_path: Path) -> None:
    folder, out = tmp_path / "folder", tmp_path / "out"
    first, second = two_views()
    write(folder / "a.png", painted(first))
    write(folder / "b.png", second)
    assert colorize(folder, "-o", out, "--consistent", "--skip-colored") == 0
    assert [path.name for path in out.glob("*.png")] == ["b.png"]
    assert redness(out / "b.png") > 25


def test_a_corrected_photo_of_the_album_and_a_corrected_result_stay_as_they_are(tmp_path: Path) -> None:
    folder, out, report = tmp_path / "folder", tmp_path / "out", tmp_path / "report.json"
    first, second = two_views()
    write(folder / "a.png", painted(first))
    write(folder / "b.png", second)
    assert colorize(folder, "-o", out, "--like", folder / "a.png", "--report", report) == 0
    assert {name: row["reason"] for name, row in rows(report).items()} == {"a.png": COLORED, "b.png": ""}
    assert [path.name for path in out.glob("*.png")] == ["b.png"]
    assert redness(out / "b.png") > 25

    for path in (out / "b.png", folder / "a.png"):
        path.unlink()
    corrected = write(out / "b.png", painted(second)).read_bytes()
    write(folder / "a.png", first)
    for more, done in ((["--overwrite"], 1), ([], 0)):
        assert colorize(folder, "-o", out, "--like", out / "b.png", "--report", report, *more) == 0
        assert (rows(report)["b.png"]["reason"], json.loads(report.read_text())["done"]) == (DONE, done)
        assert (out / "b.png").read_bytes() == corrected
        assert redness(out / "a.png") > 25


def test_a_corrected_photo_of_another_scene_changes_nothing(album: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.png", painted(grey_of("temple.jpg")[..., None]))
    assert colorize(album, "-o", tmp_path / "plain", "--consistent") == 0
    assert colorize(album, "-o", tmp_path / "out", "--like", other) == 0
    for name in ("a.png", "b.png", "c.png"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "plain" / name).read_bytes()


def test_a_photo_by_itself_and_one_name_in_two_folders(album: Path, tmp_path: Path) -> None:
    assert colorize(album / "a.png", "-o", tmp_path / "alone", "--consistent") == 0
    assert colorize(album / "a.png", "-o", tmp_path / "plain") == 0
    alone = (tmp_path / "alone" / "a.png").read_bytes()
    assert alone == (tmp_path / "plain" / "a.png").read_bytes()
    folder, report = tmp_path / "folder", tmp_path / "report.json"
    for name, view in zip(("one", "two"), two_views(), strict=True):
        write(folder / name / "a.png", view)
    assert colorize(folder, "-o", tmp_path / "out", "--consistent", "--report", report) == 0
    assert json.loads(report.read_text())["together"] == []  # of two folders
    assert (tmp_path / "out" / "one" / "a.png").read_bytes() == alone


def test_a_call_that_is_cut_short_between_result_and_record_still_says_what_was_together(
    album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, report = tmp_path / "out", tmp_path / "report.json"
    placed = Manifest.place

    class Cut(BaseException):
        """As if the process had been killed."""

    def place_and_die(self: Manifest, *arguments: Any) -> None:
        placed(self, *arguments)
        raise Cut

    monkeypatch.setattr(Manifest, "place", place_and_die)
    with pytest.raises(Cut):
        colorize(album, "-o", out, "--consistent")
    monkeypatch.undo()
    assert colorize(album, "-o", out, "--consistent", "--report", report) == 0
    said = json.loads(report.read_text())
    assert (said["done"], said["skipped"]) == (2, 1)
    for name, other in (("a.png", "b.png"), ("b.png", "a.png")):  # the first is averaged with the second
        assert [Path(each).name for each in rows(report)[name]["alike_to"]] == [other]  # type: ignore[attr-defined]


def test_a_photo_that_is_broken_in_the_middle_leaves_the_others_together(album: Path, tmp_path: Path) -> None:
    folder, report = tmp_path / "folder", tmp_path / "report.json"
    for name, pixels in zip(("a.png", "b.png"), two_views(), strict=True):
        write(folder / name, pixels)
    whole = (album / "c.png").read_bytes()
    (folder / "bad.png").write_bytes(whole[: len(whole) // 2])
    arguments = (folder, "-o", tmp_path / "out", "--consistent", "--report", report)
    for counts in ((2, 0, 1), (0, 2, 1)):  # and again: nothing is done twice for it
        assert colorize(*arguments) == 1
        said = json.loads(report.read_text())
        assert (said["done"], said["skipped"], said["failed"]) == counts
        assert [len(group) for group in said["together"]] == [2]
    (folder / "bad.png").write_bytes(whole)
    assert colorize(*arguments) == 0
    assert json.loads(report.read_text())["done"] == 3  # its session is another now


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (["--consistent", "--network", "article-6"], "article-6: cannot find places again in other photos"),
        (["--consistent", "--watch"], "--watch takes photos one by one"),
        (["--consistent", "--pages", "all"], "of one picture in each file"),
        (["--consistent", "--server", "http://127.0.0.1:9"], "--consistent is of a network on this computer"),
        (["--like", "a.jpg", "--server", "http://127.0.0.1:9"], "--like is of a network on this computer"),
        (["--consistent", "--engine", "ray"], "--consistent is of --engine local"),
        (["--like", "a.jpg", "--engine", "ray"], "--like is of --engine local"),
        (["--consistent", "--hints", "a.json"], "give one photo as PATH; then --like its result for the others"),
        (["--like", "gone.jpg"], "gone.jpg: "),
        (["--like", str(EXAMPLES / "cameraman.png")], "has no colours to take"),
        (["--like", str(EXAMPLES)], "examples: "),
    ],
)
def test_what_cannot_be_is_said_before_any_work(
    album: Path, tmp_path: Path, more: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with suppress(SystemExit):  # of what the command line itself refuses
        assert colorize(album, "-o", tmp_path / "out", *more) == 1
    assert problem in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.png"))


def test_photos_of_one_folder_are_one_session_in_whatever_order_they_are_named(tmp_path: Path) -> None:
    names = ["x/b.jpg", "y/a.jpg", "x/a.jpg", "y/b.jpg"]
    items = [PlanItem(tmp_path, name, tmp_path / "out", name) for name in names]
    sessions = [[item.name for item in part] for part in find_sessions(items, max_pixels=10**6)]
    assert sessions == [["x/a.jpg", "x/b.jpg"], ["y/a.jpg", "y/b.jpg"]]


def test_hours_between_two_photos_part_them(tmp_path: Path) -> None:
    times = {"a": "10:00:00", "b": "11:30:00", "c": "20:00:00", "d": None, "e": "20:01:00"}
    for name, time in times.items():
        exif = Image.Exif()
        if time:
            exif.get_ifd(0x8769)[36867] = f"1999:07:01 {time}"
        Image.new("L", (9, 9)).save(tmp_path / f"{name}.jpg", exif=exif)
    items = [PlanItem(tmp_path, f"{name}.jpg", tmp_path / "out", f"{name}.jpg") for name in times]
    sessions = [[item.name[0] for item in part] for part in find_sessions(items, max_pixels=10**6)]
    assert sessions == [["a", "b"], ["c", "e"], ["d"]]
    assert [
        [item.name[0] for item in part] for part in find_sessions(items[:2] + items[3:4], max_pixels=10**6)
    ] == [["a", "b", "d"]]
