from __future__ import annotations

import os
from pathlib import Path

import pytest

from photochrom.batch import plan as plans
from photochrom.batch.plan import find_collisions, make_plan, refuse_collisions
from photochrom.errors import OutputError, PhotoError


@pytest.fixture
def album(tmp_path: Path) -> Path:
    album = tmp_path / "album"
    for name in (
        "b.jpg",
        "a.PNG",
        "c.gif",
        "notes.txt",
        ".hidden.jpg",
        "sub/d.tiff",
        "sub/x.jpg/e.webp",
        ".git/f.jpg",
    ):
        path = album / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return album


def planned(plan: plans.Plan) -> dict[str, str]:
    return {item.name: item.result for item in plan.items}


def test_the_tree_is_mirrored_and_a_folder_is_no_photo_whatever_its_name(album: Path, tmp_path: Path) -> None:
    assert planned(make_plan([album], tmp_path / "out")) == {
        "a.PNG": "a.PNG",
        "b.jpg": "b.jpg",
        "c.gif": "c.png",
        "sub/d.tiff": "sub/d.tiff",
        "sub/x.jpg/e.webp": "sub/x.jpg/e.webp",
    }


def test_a_format_that_is_asked_for_is_that_of_all(album: Path, tmp_path: Path) -> None:
    found = planned(make_plan([album], tmp_path / "out", suffix=".png"))
    assert list(found.values()) == ["a.PNG", "b.png", "c.png", "sub/d.png", "sub/x.jpg/e.png"]


BEGINNINGS = [
    (b"\xff\xd8\xff\xe0", ".jpg"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    *[(begin, ".tif") for begin in (b"II*\0", b"MM\0*", b"II+\0\x08\0", b"MM\0+\0\x08")],
    (b"RIFF\x01\x02\x03\x04WEBPVP8 ", ".webp"),
    *[(b"\0\0\0\x20ftyp" + brand, ".avif") for brand in (b"avif", b"avis")],
    (b"GIF89a", ".png"),
    (b"BM", ".bmp"),
]


@pytest.mark.parametrize(("begin", "suffix"), BEGINNINGS)
def test_a_wrong_name_does_not_choose_the_format(begin: bytes, suffix: str, tmp_path: Path) -> None:
    wrong = ".gif" if suffix == ".jpg" else ".JPG"
    (tmp_path / f"photo.old{wrong}").write_bytes(begin + bytes(40))
    (tmp_path / "right").mkdir()
    (tmp_path / f"right/photo{suffix.upper()}").write_bytes(begin + bytes(40))
    right = f"right/photo{suffix.upper()}"
    out = tmp_path / "out"
    assert planned(make_plan([tmp_path], out)) == {f"photo.old{wrong}": f"photo.old{suffix}", right: right}
    assert planned(make_plan([tmp_path / f"photo.old{wrong}"], out)) == {f"photo.old{wrong}": f"photo.old{suffix}"}
    assert set(planned(make_plan([tmp_path / f"photo.old{wrong}"], out, suffix=".jpeg")).values()) == {
        "photo.old.jpeg"
    }


def test_what_is_not_known_goes_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("no photo")
    (tmp_path / "b.jpe").write_bytes(b"\xff\xd8\xff\xe0")
    (tmp_path / "c.jpg").symlink_to("nowhere")
    os.mkfifo(tmp_path / "d.jpg")
    plan = planned(make_plan([tmp_path], tmp_path / "out"))
    assert list(plan) == list(plan.values()) == ["a.jpg", "b.jpe", "c.jpg", "d.jpg"]


def test_a_circle_of_links_ends_and_is_said(album: Path, tmp_path: Path) -> None:
    (album / "again").symlink_to(album)
    (album / "sub/up").symlink_to("..")
    (album / "a-link").symlink_to("sub")
    plan = make_plan([album], tmp_path / "out")
    assert len(plan.items) == 5
    assert sorted(note.split(":")[0] for note in plan.notes) == [
        str(album / n) for n in ("a-link", "again", "sub/up")
    ]
    assert all("searched anyway" in note for note in plan.notes)


def test_a_link_to_a_folder_elsewhere_is_followed_once(album: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "z.jpg").touch()
    (elsewhere / "back").symlink_to(album)
    for name in ("one", "two"):
        (album / name).symlink_to(elsewhere)
    plan = make_plan([album], tmp_path / "out")
    assert planned(plan)["one/z.jpg"] == "one/z.jpg"
    assert len(plan.items) == 6
    assert len(plan.notes) == 2


def test_a_link_that_leads_nowhere_fails_in_its_turn(album: Path, tmp_path: Path) -> None:
    (album / "gone.jpg").symlink_to("nowhere.jpg")
    (album / "self.jpg").symlink_to("self.jpg")
    assert {"gone.jpg", "self.jpg"} < planned(make_plan([album], tmp_path / "out")).keys()


def test_a_folder_that_cannot_be_read_is_a_line_and_the_rest_is_planned(
    album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "sub":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    plan = make_plan([album], tmp_path / "out")
    assert [item.name for item in plan.items] == ["a.PNG", "b.jpg", "c.gif"]
    (error,) = plan.unread
    assert error.subject == str(album / "sub")
    assert str(error) == f"{album}/sub: cannot be searched (Permission denied); check its permissions"


def test_a_photo_named_twice_is_one(album: Path, tmp_path: Path) -> None:
    plan = make_plan([album, album / "b.jpg", album / "sub" / ".." / "b.jpg", album], tmp_path / "out")
    assert len(plan.items) == 5


def test_results_are_not_taken_for_photos(album: Path, tmp_path: Path) -> None:
    for out in (album / "out", album / "other"):
        (out / ".photochrom").mkdir(parents=True)
        (out / "b.jpg").touch()
    plan = make_plan([album], album / "out")
    assert len(plan.items) == 5
    assert plan.notes == [f"{album}/other: holds the results of another call; left out"]
    assert len(make_plan([album / "other"], album / "out").items) == 1  # unless the user says so
    with pytest.raises(OutputError, match="taken for a photo the next time"):
        make_plan([album], album, suffix=".png")


def test_a_folder_without_photos_is_refused_unless_they_may_come(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="holds no photos"):
        make_plan([tmp_path], tmp_path / "out")
    assert make_plan([tmp_path], tmp_path / "out", empty=True).items == []


def test_files_that_are_not_known_as_photos_are_counted(album: Path, tmp_path: Path) -> None:
    out = album / "out"
    for name in (
        "a.mp4",
        "sub/b.MP4",
        "sub/c",
        "d.xcf",
        "e.psd",
        "f.xmp",
        "g.ai",
        "out/.photochrom/manifest.sqlite",
    ):
        (album / name).parent.mkdir(parents=True, exist_ok=True)
        (album / name).touch()
    kinds = ".mp4 2, without suffix 1, .ai 1, .psd 1, .txt 1, ..."
    plan = make_plan([album, album / "sub", album / "b.jpg"], out)
    assert plan.left_out == [
        f"{album}: 1 folder and 1 file left out by rule (hidden 2); see --include",
        f"{album}: 8 files left out that are not known as photos ({kinds})",
        f"{album}/sub: 2 files left out that are not known as photos (without suffix 1, .mp4 1)",
    ]


def test_names_need_not_be_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"gro\xdf.jpg")
    (tmp_path / name).touch()
    (item,) = make_plan([tmp_path], tmp_path / "out").items
    assert os.fsencode(item.target) == os.fsencode(tmp_path) + b"/out/gro\xdf.jpg"


def test_two_photos_of_one_result_are_refused(tmp_path: Path) -> None:
    for name in ("photo.gif", "photo.png"):
        (tmp_path / name).touch()
    with pytest.raises(OutputError, match=r"photo\.png: would become .*photo\.png, as would .*photo\.gif"):
        refuse_collisions(make_plan([tmp_path], tmp_path / "out").items)


def test_all_collisions_are_counted(tmp_path: Path) -> None:
    said = []
    for number in range(3):
        for suffix in (".gif", ".png"):
            (tmp_path / f"{number}{suffix}").touch()
        with pytest.raises(OutputError, match=r"0\.png: would become .*, as would .*0\.gif") as error:
            refuse_collisions(make_plan([tmp_path], tmp_path / "out").items)
        said.append(str(error.value).rpartition("folders")[2])
    assert said == ["", " (… and 1 other pair)", " (… and 2 other pairs)"]


def test_a_result_in_the_place_of_another_photo_is_refused(tmp_path: Path) -> None:
    for name in ("x/sub/one.gif", "out/sub/one.png", "out/sheet.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    out = tmp_path / "out"
    with pytest.raises(OutputError, match=r"one\.gif: would become .*sub/one\.png, another photo"):
        refuse_collisions(make_plan([tmp_path / "x", out / "sub"], out).items)
    with pytest.raises(OutputError, match="is where the sheet goes"):
        refuse_collisions(make_plan([out / "sheet.jpg"], out, suffix=".png").items, [out / "sheet.jpg"])


def test_a_and_A_are_two_where_the_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("A.jpg", "a.jpg", "Stra\N{LATIN SMALL LETTER SHARP S}e.png", "STRASSE.png"):
        (tmp_path / name).touch()
    items = make_plan([tmp_path], tmp_path / "out").items
    before = sorted(path.name for path in tmp_path.iterdir())
    assert list(find_collisions(items)) == []  # this disk tells them apart
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    real = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: real(path) or _folds(path))
    assert [item.name for item, _ in find_collisions(items)] == [
        "Stra\N{LATIN SMALL LETTER SHARP S}e.png",
        "a.jpg",
    ]


def _folds(path: Path) -> bool:
    """Whether a disk that does not tell A from a would find a file."""
    if not path.parent.is_dir():
        return False
    return any(entry.name.casefold() == path.name.casefold() for entry in path.parent.iterdir())


def test_a_plan_of_many_takes_little_memory(tmp_path: Path) -> None:
    import tracemalloc

    (tmp_path / "in").mkdir()
    for number in range(2000):
        (tmp_path / "in" / f"photo-{number}.jpg").touch()
    tracemalloc.start()
    items = make_plan([tmp_path / "in"], tmp_path / "out").items
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(items) == 2000
    assert held / len(items) < 400
