"""Photos that keep arriving."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from itertools import islice
from pathlib import Path

from batch_calls import Start
from photochrom.batch.plan import Plan, make_plan
from photochrom.batch.watch import watch


def names(plan: Plan) -> list[str]:
    return [item.name for item in plan.items]


def test_a_photo_is_taken_when_nobody_writes_it_any_more(tmp_path: Path) -> None:
    folder, looks = tmp_path / "in", 0
    folder.mkdir()

    def look() -> Plan:
        """What happens in the folder, look by look."""
        nonlocal looks
        looks += 1
        if looks <= 4:
            (folder / "copied.jpg").write_bytes(bytes(looks))
        if looks in (2, 5):
            (folder / f"{looks}.part").touch()
        if looks == 2:
            (folder / "whole.jpg").touch()
        if looks == 6:
            (folder / "whole.jpg").write_text("changed")
        if looks == 8:
            (folder / "whole.png").touch()
            (folder / "whole.gif").touch()
            (folder / "circle").symlink_to(folder)
        return make_plan([folder], tmp_path / "out", empty=True)

    rounds = list(islice(((looks, plan) for plan in watch(look, pause=0)), 5))
    assert [(number, names(plan)) for number, plan in rounds] == [
        (3, ["whole.jpg"]),
        (5, ["copied.jpg"]),
        (7, ["whole.jpg"]),
        (8, []),  # the note of the circle, once
        (9, ["whole.gif"]),
    ]
    assert len(rounds[3][1].notes) == 1
    (error,) = rounds[4][1].unread
    assert error.subject == str(folder / "whole.png")
    assert "as would" in error.problem


def test_watching_until_ctrl_c(photos: Path, tmp_path: Path, start: Start) -> None:
    out, report = tmp_path / "out", tmp_path / "report.json"
    process = start(photos, "-o", out, "--watch", "-j", 1, "--report", report)
    assert process.stdout is not None
    # A photo is counted when its line is printed, which is a little after its file is there.
    printed = {process.stdout.readline() for _ in range(6)}
    assert printed == {f"{out / photo.name}\n" for photo in photos.iterdir()}
    shutil.copy(photos / "00.png", photos / "later.png")
    assert process.stdout.readline() == f"{out / 'later.png'}\n"
    shutil.copy(photos / "02.png", photos / "01.png")
    assert process.stdout.readline() == f"{out / '01.png'}\n"
    os.killpg(process.pid, signal.SIGINT)
    rest, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    assert rest.startswith("8 colorized, 0 skipped, 0 failed")
    assert json.loads(report.read_text())["done"] == 8


def test_a_bad_photo_is_tried_again_when_it_changes(tmp_path: Path, photos: Path, start: Start) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "a.png").write_text("no photo")
    process = start(folder, "-o", out, "--watch", "-j", 1)
    assert process.stderr is not None
    assert process.stdout is not None
    assert "is no photo" in process.stderr.readline()
    time.sleep(2.5)
    shutil.copy(photos / "00.png", folder / "a.png")
    assert process.stdout.readline() == f"{out / 'a.png'}\n"
    os.killpg(process.pid, signal.SIGINT)
    printed, errors = process.communicate()
    assert (process.returncode, errors) == (1, "")
    assert printed.startswith("1 colorized, 0 skipped, 1 failed")
