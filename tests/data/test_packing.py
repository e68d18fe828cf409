"""Photos packed into shards: each once, those with colours, and checked byte for byte."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import fsspec
import numpy as np
import pytest
from PIL import Image

from packing_album import colourful, cut_out, drawn, lines_of, saved
from photochrom.cli.main import main
from photochrom.data.packing.examine import Rules, is_cut_out, is_drawing
from photochrom.data.packing.pack import pack_shards, read_manifest
from photochrom.data.packing.sources import find_sources
from photochrom.data.packing.state import PackingState
from photochrom.data.packing.verify import stats_of, verify_shards
from photochrom.data.photos import find_photos
from photochrom.errors import OutputError
from stores import SIGNATURE


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_photo_to_learn_from_is_packed_once_as_it_is(tmp_path, album, jobs):
    out = tmp_path / "out"
    packed = pack_shards([str(tmp_path / "in")], out, rules=Rules(license="CC0"), jobs=jobs)
    kinds = ("cut-out", "drawing", "duplicate", "grey", "small", "unreadable")
    assert packed.left_out == dict.fromkeys(kinds, 1)
    assert (packed.photos, packed.shards) == (5, 1)
    assert {ref.read() for ref in find_photos(out)} == set(album.values())
    by_source = {line["source"]: line for line in lines_of(out)}
    for name, data in album.items():
        line = by_source[str(tmp_path / "in" / name)]
        assert (line["bytes"], line["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
        assert (line["width"], line["height"], line["license"]) == (180, 150, "CC0")
    left_out = [json.loads(line) for line in (out / "left-out.jsonl").read_text().splitlines()]
    assert sorted(line["reason"] for line in left_out) == sorted(kinds)
    assert all(line["detail"] for line in left_out)
    assert verify_shards(out) == []
    stats = stats_of(out)
    assert (stats.photos, stats.bytes) == (5, sum(map(len, album.values())))
    assert (stats.formats, stats.sides) == ({"jpg": 4, "png": 1}, {"below 256": 5})


def test_what_is_kept_on_request_is_packed_too(tmp_path, album):
    keep = frozenset({"small", "grey", "cut-out", "drawing", "duplicate"})
    packed = pack_shards([str(tmp_path / "in")], tmp_path / "out", rules=Rules(keep=keep), jobs=1)
    assert (packed.photos, packed.left_out) == (10, {"unreadable": 1})


def test_photos_can_be_resized_and_saved_in_one_format(tmp_path, album):
    rules = Rules(min_side=64, resize=100, format="webp")
    pack_shards([str(tmp_path / "in" / "a")], tmp_path / "out", rules=rules, jobs=1)
    for ref, line in zip(find_photos(tmp_path / "out"), lines_of(tmp_path / "out"), strict=True):
        image = Image.open(io.BytesIO(ref.read()))
        assert (image.format, image.size) == ("WEBP", (120, 100)) == ("WEBP", (line["width"], line["height"]))
        original = np.asarray(Image.open(line["source"]).resize((120, 100), Image.Resampling.LANCZOS), float)
        assert np.abs(np.asarray(image.convert("RGB"), float) - original).mean() < 4


def test_shards_keep_to_their_size(tmp_path, album):
    packed = pack_shards([str(tmp_path / "in")], tmp_path / "out", shard_size=60_000, jobs=1)
    assert packed.shards >= 2
    for shard in read_manifest(tmp_path / "out")["shards"]:
        path = tmp_path / "out" / f"{shard['name']}.tar"
        assert path.stat().st_size == shard["bytes"]
        assert shard["bytes"] <= 60_000 or shard["photos"] == 1
        with tarfile.open(path) as tar:
            assert tar.getmember(f"{shard['name']}-000000.json").mtime == 0


def test_photos_that_came_later_are_added_and_nothing_else_changes(tmp_path, album):
    pack_shards([str(tmp_path / "in")], tmp_path / "out", jobs=1)
    before = (tmp_path / "out" / "photos-000000.tar").read_bytes()
    again = pack_shards([str(tmp_path / "in")], tmp_path / "out", jobs=1)
    assert (again.photos, again.shards) == (5, 1)
    new = saved(colourful(30), tmp_path / "in" / "d.jpg")
    saved(colourful(2).resize((200, 166)), tmp_path / "in" / "e.jpg")  # a copy of one of the first run
    after = pack_shards([str(tmp_path / "in")], tmp_path / "out", jobs=1)
    assert (after.photos, after.shards, after.left_out["duplicate"]) == (6, 2, 2)
    assert (tmp_path / "out" / "photos-000000.tar").read_bytes() == before
    assert find_photos(tmp_path / "out" / "photos-000001.tar")[0].read() == new
    with pytest.raises(OutputError, match="other settings"):
        pack_shards([str(tmp_path / "in")], tmp_path / "out", rules=Rules(resize=99), jobs=1)


def test_shards_and_urls_are_sources_too_and_keep_what_they_say(tmp_path, album):
    first = tmp_path / "first"
    pack_shards([str(tmp_path / "in")], first, rules=Rules(license="CC-BY-4.0"), jobs=1)
    memory = fsspec.filesystem("memory")
    for path in first.glob("*.tar"):
        memory.pipe(f"/store/{path.name}", path.read_bytes())
    memory.pipe("/store/deep/new.jpg", saved(colourful(40), tmp_path / "new.jpg"))
    places = ["memory://store", f"file://{tmp_path}/in/b", str(first / "photos-000000.tar")]
    packed = pack_shards(places, tmp_path / "out", jobs=1)
    assert (packed.photos, packed.left_out["duplicate"]) == (6, 6)  # those of the folder and the last shard
    licenses = {line["source"]: line["license"] for line in lines_of(tmp_path / "out")}
    assert licenses == {str(tmp_path / "in" / name): "CC-BY-4.0" for name in album} | {
        "memory://store/deep/new.jpg": None
    }


def test_photos_behind_links_are_packed_once_and_thumbnails_are_not(tmp_path, album):
    saved(colourful(41), tmp_path / "beside" / "deep" / "new.jpg")
    saved(colourful(42), tmp_path / "beside" / "@eaDir" / "thumbnail.jpg")
    (tmp_path / "in" / "0 link").symlink_to(tmp_path / "beside")
    (tmp_path / "beside" / "back").symlink_to(tmp_path / "in")
    found = [
        Path(source.name).relative_to(tmp_path / "in").as_posix()
        for source in find_sources([str(tmp_path / "in")])
    ]
    assert found[-1] == "0 link/deep/new.jpg"
    assert len(found) == 12


def test_a_lent_address_s_signature_is_in_no_file(tmp_path, album, signed):
    url, folder = signed
    saved(colourful(40), folder / "new.jpg")
    pack_shards([str(tmp_path / "in" / "b")], folder / "first", jobs=1)
    places = [f"{url}/{name}?{SIGNATURE}" for name in ("new.jpg", "first/photos-000000.tar")]
    packed = pack_shards(places, tmp_path / "out", jobs=2)
    assert packed.photos == 2
    assert lines_of(tmp_path / "out")[0]["source"] == f"{url}/new.jpg"
    for path in (tmp_path / "out").iterdir():
        assert b"0123secret" not in path.read_bytes()


def test_a_photo_s_own_copyright_comes_before_the_general_one(tmp_path):
    exif = Image.Exif()
    exif[0x8298] = "Ann, CC-BY-SA-4.0"
    saved(colourful(1), tmp_path / "in" / "a.jpg", exif=exif)
    saved(colourful(2), tmp_path / "in" / "b.jpg")
    pack_shards([str(tmp_path / "in")], tmp_path / "out", rules=Rules(license="CC0"), jobs=1)
    assert [line["license"] for line in lines_of(tmp_path / "out")] == ["Ann, CC-BY-SA-4.0", "CC0"]


@pytest.mark.parametrize("fault", ["changed", "missing", "cut short", "extra", "fewer lines"])
def test_verifying_says_what_is_not_as_it_was_packed(tmp_path, album, fault, capsys):
    out = tmp_path / "out"
    pack_shards([str(tmp_path / "in")], out, jobs=1)
    assert main(["shards", str(out), "--verify"]) == 0
    shard = out / "photos-000000.tar"
    if fault == "changed":
        place = find_photos(out)[2].offset + 100
        with shard.open("r+b") as file:
            file.seek(place)
            byte = file.read(1)
            file.seek(place)
            file.write(bytes([byte[0] ^ 1]))
    elif fault == "missing":
        shard.unlink()
    elif fault == "cut short":
        shard.write_bytes(shard.read_bytes()[:5000])
    elif fault == "extra":
        (out / "photos-000001.tar").write_bytes(shard.read_bytes())
    else:
        lines = shard.with_suffix(".jsonl").read_text().splitlines(keepends=True)
        shard.with_suffix(".jsonl").write_text("".join(lines[1:]))
    capsys.readouterr()
    assert main(["shards", str(out), "--verify", "--stats"]) == 1
    said = capsys.readouterr().out.split("{\n")[0]
    expected = {"changed": "a/2.jpg) changed", "missing": "is missing", "extra": "not in the manifest"}
    assert expected.get(fault, "photos-000000.tar: ") in said
    assert len(said.splitlines()) == 1


def test_what_tells_photos_from_drawings_and_cut_outs():
    rng = np.random.default_rng(0)
    sky = np.broadcast_to(np.linspace(150, 230, 200)[:, None, None], (200, 200, 3)).astype(np.uint8)  # no grain
    fog = np.clip(170 + rng.normal(0, 0.4, (200, 200, 3)), 0, 255).astype(np.uint8)
    for photo in (np.asarray(colourful(3)), sky):
        assert not is_drawing(photo)
        assert not is_cut_out(photo, False)
    assert not is_drawing(fog)
    assert is_drawing(np.asarray(drawn()))
    assert is_cut_out(np.asarray(cut_out()), False)
    clear = np.full((50, 50, 4), 255, np.uint8)
    clear[:10, :, 3] = 0
    assert is_cut_out(clear, True)


def test_hashes_that_differ_in_three_bits_are_one_and_in_four_are_not(tmp_path):
    state = PackingState(tmp_path / "state", {})
    rng = np.random.default_rng(0)
    for number in rng.integers(-(2**63), 2**63, 200).tolist():
        assert not state.is_copy(number)
        for bits, same in ((0, True), (3, True), (4, False)):
            places = rng.choice(64, bits, replace=False).tolist()
            other = (number ^ sum(1 << place for place in places)) & (1 << 64) - 1
            other -= (1 << 64) if other >= 1 << 63 else 0
            assert state.is_copy(other) == same
    with pytest.raises(OutputError, match="in use"):
        PackingState(tmp_path / "state", {})
    state.close()
