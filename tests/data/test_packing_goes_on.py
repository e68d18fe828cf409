"""Packing that is killed, stopped or refused: it goes on to the same shards, or says in a line why not."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil
import pytest

from packing_album import colourful, contents, saved
from photochrom.cli.main import main
from photochrom.data.packing.examine import Rules
from photochrom.data.packing.pack import pack_shards
from photochrom.data.packing.sources import find_sources
from photochrom.errors import DataError, OutputError
from photochrom.io.storage import Storage


def test_a_killed_run_goes_on_to_the_very_same_shards_and_leaves_nothing(tmp_path):
    for seed in range(60):
        saved(colourful(seed, 400, 400), tmp_path / "in" / f"{seed:03}.jpg", quality=95)
    command = ["shards", str(tmp_path / "in"), "--shard-size", "400KB", "--output"]
    begun = [sys.executable, "-m", "photochrom", *command, str(tmp_path / "out"), "--jobs", "2"]
    process = subprocess.Popen(begun)
    for _ in range(1200):
        if (tmp_path / "out" / "photos-000001.tar").exists():
            break
        assert process.poll() is None
        time.sleep(0.01)
    its_own = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    assert not (tmp_path / "out" / "manifest.json").exists()
    (tmp_path / "out" / ".photochrom-0123456789ab.tar").touch()  # as most kills leave one
    assert psutil.wait_procs(its_own, timeout=20)[1] == []
    for name in "out", "whole":
        assert main([*command, str(tmp_path / name), "--jobs", "1", "--quiet"]) == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert {path.name for path in (tmp_path / "out").glob(".*")} == {".packing.sqlite"}


def test_a_run_that_is_stopped_says_how_it_goes_on(tmp_path):
    for seed in range(30):
        saved(colourful(seed, 400, 400), tmp_path / "in" / f"{seed:03}.jpg", quality=95)
    command = ["shards", str(tmp_path / "in"), "--shard-size", "400KB", "--jobs", "2"]
    begun = [sys.executable, "-m", "photochrom", *command, "--output", str(tmp_path / "out")]
    process = subprocess.Popen(begun, stderr=subprocess.PIPE, text=True)
    for _ in range(1200):
        if (tmp_path / "out" / "photos-000000.tar").exists():
            break
        assert process.poll() is None
        time.sleep(0.01)
    process.terminate()
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (143, "photochrom: stopped; the same command goes on\n")
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".sqlite", ".tar", ".jsonl"}


def test_a_run_that_finds_nothing_to_pack_need_not_look_at_all_again(tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(1500):
        (tmp_path / "in" / f"{number:04}.jpg").touch()

    def stop(packed: int, left_out: int) -> None:
        seen.append(left_out)
        if left_out == 1200:
            raise KeyboardInterrupt

    seen: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        pack_shards([str(tmp_path / "in")], tmp_path / "out", jobs=1, progress=stop)
    seen.clear()
    assert pack_shards([str(tmp_path / "in")], tmp_path / "out", jobs=1, progress=stop).left_out == {
        "unreadable": 1500
    }
    assert seen[-1] == 500


def test_settings_hold_a_folder_once_something_is_packed_there(tmp_path, album, s3):
    there = f"{s3}/{tmp_path.name}"
    with pytest.raises(DataError, match="no such file"):
        pack_shards([str(tmp_path / "nowhere")], there, rules=Rules(resize=99), jobs=1)
    pack_shards([str(tmp_path / "in")], there, jobs=1)
    with pytest.raises(OutputError, match="other settings"):
        pack_shards([str(tmp_path / "in")], there, rules=Rules(resize=99), jobs=1)


def test_shards_go_to_a_store_as_they_would_to_a_folder_and_on_after_a_failure(
    tmp_path, album, s3, monkeypatch, capsys
):
    there, near = f"{s3}/{tmp_path.name}", tmp_path / "near"
    pack_shards([str(tmp_path / "in")], near, shard_size=30_000, jobs=1)
    put, puts = Storage.put, []

    def cut(self, file, name):
        puts.append(name)
        if len(puts) == 5:
            raise OutputError(name, "cannot be written", "mend it")
        return put(self, file, name)

    monkeypatch.setattr(Storage, "put", cut)
    with pytest.raises(OutputError):
        pack_shards([str(tmp_path / "in")], there, shard_size=30_000, jobs=1)
    pack_shards([str(tmp_path / "in")], there, shard_size=30_000, jobs=1)
    assert puts.count("photos-000000.tar") == 1
    store = Storage(there)
    for path in [*near.glob("*.tar"), *near.glob("*.json*")]:
        store.fetch(path.name, tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == path.read_bytes(), path.name
    capsys.readouterr()
    assert main(["shards", there, "--verify", "--stats"]) == 0
    said = capsys.readouterr().out
    assert f"{there}: whole" in said
    store.put(tmp_path / "back", "photos-000001.tar")
    assert main(["shards", there, "--verify"]) == 1


def test_a_place_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "bad.tar").write_bytes(b"no archive" * 100)
    for place in (tmp_path / "none", tmp_path / "none.jpg", tmp_path / "none.tar", tmp_path / "bad.tar"):
        with pytest.raises(DataError, match=place.name):
            list(find_sources([str(place)]))
    with pytest.raises(DataError, match="nowhere://x"):
        list(find_sources(["nowhere://x"]))


@pytest.mark.parametrize("url", [False, True])
def test_the_shards_of_the_destination_are_not_packed_again(tmp_path, album, url):
    out = tmp_path / "in" / "a" / "shards"
    source = f"file://{tmp_path / 'in'}" if url else str(tmp_path / "in")
    for _ in range(2):
        packed = pack_shards([source], out, rules=Rules(keep=frozenset({"duplicate"})), jobs=1)
        assert packed.photos == 6


def test_a_source_that_is_not_there_is_told_before_anything_is_packed(tmp_path, album):
    with pytest.raises(DataError, match="nowhere: there is no such file or folder"):
        pack_shards([str(tmp_path / "in"), str(tmp_path / "nowhere")], tmp_path / "out", jobs=1)
    assert not list((tmp_path / "out").glob("*.tar"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "there is no --output"),
        (["--output", "out", "--verify"], "--verify and --stats take no --output"),
        (["--output", "out", "--jobs", "0"], "--jobs is below 1"),
        (["--output", "out", "--quality", "101"], "--quality 101 is none"),
        *((["--output", "out", "--name", name], f"--name {name!r} cannot") for name in ("", "a/b", ".hidden")),
    ],
)
def test_a_call_that_cannot_be_meant_is_refused_in_one_line(tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as exit:
        main(["shards", "in", *arguments])
    assert exit.value.code == 2
    assert f"photochrom shards: error: {said}" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
