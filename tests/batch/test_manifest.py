"""What is done again, what is not, and what is left alone."""

from __future__ import annotations

import os
import shutil
import sqlite3
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from batch_calls import Colorize, results
from photochrom.batch.fingerprint import Fingerprint
from photochrom.batch.manifest import Manifest
from photochrom.batch.plan import PlanItem
from photochrom.errors import OutputError
from photochrom.io.picture import Picture
from tiny_network import tint_card, write_network

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def out(photos: Path, tmp_path: Path, colorize: Colorize, capsys: Printed) -> Path:
    """A folder of six results."""
    out = tmp_path / "out"
    assert colorize(photos, "-o", out) == 0
    capsys.readouterr()
    return out


def said(capsys: Printed) -> str:
    return capsys.readouterr().out.rpartition(",")[0]


def test_what_is_done_is_not_done_again(out: Path, photos: Path, colorize: Colorize, capsys: Printed) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in out.glob("*.png")}
    assert colorize(photos, "-o", out) == 0
    assert said(capsys) == "0 colorized, 6 skipped (6 done already), 0 failed"
    assert {path.name: path.stat().st_mtime_ns for path in out.glob("*.png")} == before


def test_a_new_and_a_changed_photo_are_done(out: Path, photos: Path, colorize: Colorize, capsys: Printed) -> None:
    shutil.copy(photos / "01.png", photos / "new.png")
    Picture.from_array(np.full((20, 30), 99, np.uint8)).save(photos / "00.png", overwrite=True)
    (out / "02.png").unlink()
    assert colorize(photos, "-o", out) == 0
    assert said(capsys) == "3 colorized, 4 skipped (4 done already), 0 failed"
    assert abs(int(Picture.read(out / "00.png").pixels[..., 1].mean()) - 99) < 12


def test_the_same_photo_at_another_time_or_place_is_the_same(
    out: Path, photos: Path, tmp_path: Path, colorize: Colorize, capsys: Printed
) -> None:
    os.utime(photos / "00.png", (1, 1))
    assert colorize(photos, "-o", out) == 0
    assert said(capsys) == "0 colorized, 6 skipped (6 done already), 0 failed"
    photos.rename(tmp_path / "moved")
    assert colorize(tmp_path / "moved", "-o", out) == 0
    assert said(capsys) == "0 colorized, 6 skipped (6 done already), 0 failed"


def test_results_that_were_copied_are_still_photochrom_s(
    out: Path, photos: Path, tmp_path: Path, colorize: Colorize, capsys: Printed
) -> None:
    shutil.copytree(out, tmp_path / "copy", copy_function=shutil.copy)  # with other times
    assert colorize(photos, "-o", tmp_path / "copy", "--saturation", 0.5) == 0
    assert said(capsys) == "6 colorized, 0 skipped, 0 failed"


@pytest.mark.parametrize(
    "option",
    [["--saturation", "0.5"], ["--size", "10"], ["--network-size", "16"], ["--side-by-side"], ["--no-mark"]],
)
def test_other_options_do_all_again(
    option: list[str], out: Path, photos: Path, colorize: Colorize, capsys: Printed
) -> None:
    assert colorize(photos, "-o", out, *option) == 0
    assert said(capsys) == "6 colorized, 0 skipped, 0 failed"
    assert colorize(photos, "-o", out, *option, "--max-pixels", "1000000", "--device", "cpu") == 0
    assert said(capsys) == "0 colorized, 6 skipped (6 done already), 0 failed"


def test_another_network_does_all_again(
    out: Path, photos: Path, tint: Path, tmp_path: Path, colorize: Colorize, capsys: Printed
) -> None:
    other = write_network(tmp_path / "other.onnx", card=tint_card(name="other"))
    assert colorize(photos, "-o", out, "--network", other) == 0  # the one named last, which is tint, counts
    assert said(capsys).startswith("0 colorized")
    shutil.copy(other, tint_copy := tmp_path / "tint.onnx")
    from photochrom.cli.main import main

    assert main(["colorize", str(photos), "-o", str(out), "-n", str(tint_copy)]) == 0
    assert said(capsys) == "6 colorized, 0 skipped, 0 failed"
    shutil.copy(tint, tmp_path / "same.onnx")
    assert main(["colorize", str(photos), "-o", str(out), "-n", str(tint)]) == 0
    assert main(["colorize", str(photos), "-o", str(out), "-n", str(tmp_path / "same.onnx")]) == 0
    assert said(capsys).endswith("0 colorized, 6 skipped (6 done already), 0 failed")  # its name is no matter


def test_other_weights_of_the_same_network_are_not_gone_on_with(
    out: Path, photos: Path, tint: Path, tmp_path: Path, capsys: Printed
) -> None:
    from photochrom.cli.main import main

    other = write_network(tmp_path / "other.onnx", card=tint_card(version="2"), bias=(1.0, 2.0))
    command = ["colorize", "-j1", str(photos), "-o", str(out), "-n", str(other)]
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    assert main(command) == 1
    error = capsys.readouterr().err
    assert f"{out}: its results are of other weights of tint" in error
    assert sha256(tint.read_bytes()).hexdigest() in error
    assert sha256(other.read_bytes()).hexdigest() in error
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before
    assert main([*command, "--overwrite"]) == 0
    assert said(capsys) == "6 colorized, 0 skipped, 0 failed"
    assert main(command) == 0  # goes on with the weights that are there now
    assert said(capsys) == "0 colorized, 6 skipped (6 done already), 0 failed"


def test_what_is_not_ours_or_was_changed_is_left_alone(
    out: Path, photos: Path, colorize: Colorize, capsys: Printed
) -> None:
    shutil.copy(photos / "01.png", photos / "new.png")
    (out / "new.png").write_text("somebody's")
    (out / "03.png").write_text("retouched")
    for options in ([], ["--saturation", "0.3"]):
        assert colorize(photos, "-o", out, *options) == 0
        printed = said(capsys)
        assert "2 skipped (" in printed or "7 skipped (" in printed
        assert "1 there but changed since it was made, 1 there but not made by photochrom; --overwrite" in printed
        assert (out / "new.png").read_text() == "somebody's"
        assert (out / "03.png").read_text() == "retouched"
    assert colorize(photos, "-o", out, "--overwrite") == 0
    assert said(capsys) == "7 colorized, 0 skipped, 0 failed"


def test_the_result_of_another_photo_is_left_alone(
    out: Path, photos: Path, tmp_path: Path, colorize: Colorize, capsys: Printed
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    Picture.from_array(np.full((9, 9), 9, np.uint8)).save(other / "00.png")
    before = (out / "00.png").read_bytes()
    assert colorize(other, "-o", out) == 0
    assert "1 there but of another photo; --overwrite" in said(capsys)
    assert (out / "00.png").read_bytes() == before


def test_a_link_in_place_of_a_result_is_not_followed(
    out: Path, photos: Path, tmp_path: Path, colorize: Colorize
) -> None:
    precious = tmp_path / "precious.png"
    precious.write_text("precious")
    for link in ("00.png", "01.png"):
        (out / link).unlink()
    (out / "00.png").symlink_to(precious)
    (out / "01.png").symlink_to("nowhere")
    assert colorize(photos, "-o", out) == 0
    assert (out / "00.png").is_symlink()
    assert colorize(photos, "-o", out, "--overwrite") == 0
    assert not (out / "00.png").is_symlink()
    assert precious.read_text() == "precious"


def test_options_of_tomorrow_do_not_undo_what_is_done(out: Path) -> None:
    with sqlite3.connect(out / ".photochrom/manifest.sqlite") as database:
        ((recipe,),) = set(database.execute("SELECT recipe FROM results"))
    assert '"options": {}' in recipe


@pytest.fixture
def item(photos: Path, tmp_path: Path) -> PlanItem:
    (tmp_path / "made").mkdir()
    return PlanItem(photos, "00.png", tmp_path / "made", "00.png")


def place(manifest: Manifest, item: PlanItem, text: str) -> None:
    made = item.output / "in the making"
    made.write_text(text)
    manifest.place(made, Fingerprint.of(made), item, Fingerprint.of(item.source))


@pytest.mark.parametrize("moved", [True, False])
def test_killed_between_record_and_move(item: PlanItem, moved: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = Manifest(item.output, "old")
    place(manifest, item, "old")
    manifest.close()

    class Killed(BaseException):
        pass

    def move(source: Path, target: Path) -> None:
        if moved:
            source.replace(target)
        raise Killed

    manifest = Manifest(item.output, "new")
    assert manifest.reason_to_skip(item) is None
    monkeypatch.setattr("photochrom.batch.manifest.move_file", move)
    with pytest.raises(Killed):
        place(manifest, item, "newer")
    manifest._database.close()  # as the system does

    manifest = Manifest(item.output, "new")
    assert item.target.read_text() == ("newer" if moved else "old")
    assert manifest.reason_to_skip(item) == (("done already", []) if moved else None)
    manifest.close()


def test_a_move_that_fails_leaves_the_old_result_photochrom_s(
    item: PlanItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = Manifest(item.output, "old")
    place(manifest, item, "old")

    def move(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("photochrom.batch.manifest.move_file", move)
    with pytest.raises(OutputError, match=r"00\.png: cannot be written \(No space left on device\)"):
        place(manifest, item, "new")
    assert manifest.reason_to_skip(item) == ("done already", [])
    manifest.close()


def test_one_call_at_a_time_writes_to_a_folder(item: PlanItem) -> None:
    manifest = Manifest(item.output, "recipe")
    with pytest.raises(OutputError, match="another photochrom is writing there"):
        Manifest(item.output, "recipe")
    manifest.close()
    Manifest(item.output, "recipe").close()


def test_a_damaged_manifest_is_one_line_and_nothing_is_lost(
    out: Path, photos: Path, colorize: Colorize, capsys: Printed
) -> None:
    manifest = out / ".photochrom/manifest.sqlite"
    before = results(out)
    manifest.write_bytes(b"damaged" * 1000)
    assert colorize(photos, "-o", out) == 1
    error = capsys.readouterr().err
    assert "manifest.sqlite: is damaged (file is not a database); delete it" in error
    assert error.count("\n") == 1
    manifest.unlink()
    assert colorize(photos, "-o", out) == 0
    assert "6 there but not made by photochrom" in said(capsys)
    assert results(out) == before


def test_a_manifest_of_another_version_is_one_line(
    out: Path, photos: Path, colorize: Colorize, capsys: Printed
) -> None:
    with sqlite3.connect(out / ".photochrom/manifest.sqlite") as database:
        database.execute("PRAGMA user_version = 7")
    database.close()
    assert colorize(photos, "-o", out) == 1
    assert "is of another version of photochrom" in capsys.readouterr().err
