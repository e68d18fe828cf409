"""The command line of many machines: plans, and calls that cannot be meant."""

from __future__ import annotations

import json

import pytest

from photochrom.cli.main import main
from small_photos import save_photos


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.jpg", "-o", "s3://bucket/out"], "s3://bucket/out: is a URL"),
        (["s3://bucket/in", "-o", "out"], "s3://bucket/in: is a URL"),
        (["a.jpg", "--plan"], "--plan is of --engine ray"),
        (["a.jpg", "--retry-failed"], "--retry-failed is of --engine ray"),
        (["a.jpg", "--workers-per-gpu", "2"], "--workers-per-gpu is of --engine ray"),
        (["a", "-o", "b", "--engine", "ray", "--watch"], "--watch is of --engine local"),
        (["a", "-o", "b", "--engine", "ray", "--sheet"], "--sheet is of --engine local"),
        (["-", "-o", "b", "--engine", "ray"], "- is a stream"),
        (["http://h/a.jpg?key=1", "-o", "out"], "http://h/a.jpg: is a URL"),
        (["s3://bucket/a.jpg", "-o", "colour.jpg", "--engine", "ray"], "colour.jpg: is named as one photo"),
        (["a", "-o", "b", "--engine", "ray", "--to-shards", "0"], "--to-shards must be 1 or more"),
    ],
)
def test_what_belongs_to_the_other_engine_is_refused(arguments, said, capsys) -> None:
    with pytest.raises(SystemExit) as exit:
        main(["colorize", *arguments])
    assert exit.value.code == 2
    assert said in capsys.readouterr().err


def test_a_plan_counts_and_weighs_and_does_nothing(tint, tmp_path, capsys) -> None:
    photos = save_photos(tmp_path / "photos", 5)
    output = tmp_path / "out"
    command = ["colorize", str(tmp_path / "photos"), "-o", str(output), "--engine", "ray", "-n", str(tint)]
    assert main([*command, "--plan"]) == 0
    said = capsys.readouterr().out
    assert "5 photos to colorize" in said
    assert f"{sum(path.stat().st_size for path in photos):,} bytes to read" in said
    assert "no estimate" in said
    assert not list(output.glob("*.jpg"))


def test_a_place_that_is_not_there_is_one_line(tint, tmp_path, capsys) -> None:
    command = ["colorize", str(tmp_path / "none"), "-o", str(tmp_path / "out"), "--engine", "ray", "-n", str(tint)]
    assert main(command) == 1
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith("photochrom: ")


def test_a_plan_s_report_says_what_would_be_done_and_what_cannot(tint, tmp_path, capsys) -> None:
    photos = save_photos(tmp_path / "photos", 2)[0].parent
    command = ["colorize", str(photos), "-o", str(tmp_path / "out"), "--engine", "ray", "-n", str(tint)]
    shard = photos / "torn.tar"
    shard.write_bytes(b"no shard")
    assert main([*command, "--plan", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["not_begun"], said["failed"]) == (2, 1)
    assert said["photos"][0]["source"] == str(shard)
    assert any("2 photos to colorize" in note for note in said["notes"])
