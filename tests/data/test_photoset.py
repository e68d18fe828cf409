from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from photochrom.data import photoset as module
from photochrom.data.decode import decode_all
from photochrom.data.photos import PhotoRef, find_photos
from photochrom.data.photoset import PhotoSet
from photochrom.errors import DataError
from photochrom.io.crops import read_crop
from photochrom.io.vips import libvips


@pytest.fixture(scope="module")
def held(twelve) -> PhotoSet:
    return PhotoSet.load(twelve, 32, hold=True)


@given(st.lists(st.integers(0, 11), max_size=30), st.integers(1, 13))
def test_batches_return_exactly_the_photos_asked_for(held, twelve, order, batch_size):
    batches = list(held.batches(order, batch_size))
    assert [len(batch) for batch in batches] == [
        len(order[i : i + batch_size]) for i in range(0, len(order), batch_size)
    ]
    for batch in batches:
        assert batch.shape[1:] == (3, 32, 32)
        assert batch.dtype == torch.uint8
        assert batch.is_contiguous(memory_format=torch.channels_last)
    rows = [photo.permute(1, 2, 0).numpy() for batch in batches for photo in batch]
    for index, row in zip(order, rows, strict=True):
        assert np.array_equal(row, held.photo(index))


def test_photos_are_as_read_and_in_order(held, twelve):
    assert held.on_device
    assert held.keys == tuple(ref.key for ref in twelve)
    assert len(held) == 12
    assert held.skipped == ()
    for index, ref in enumerate(twelve):
        assert np.array_equal(held.photo(index), read_crop(ref.read(), 32))


@pytest.mark.parametrize("workers", [0, 2])
def test_photos_decoded_ahead_are_the_same_bit_for_bit(held, twelve, workers):
    ahead = PhotoSet.load(twelve, 32, hold=False, workers=workers)
    assert not ahead.on_device
    assert (ahead.keys, ahead.fingerprint) == (held.keys, held.fingerprint)
    assert np.array_equal(ahead.photo(7), held.photo(7))
    for seed in range(2):  # the second epoch is another order for the same worker processes
        order = torch.randperm(12, generator=torch.Generator().manual_seed(seed))
        pairs = list(zip(ahead.batches(order, 5), held.batches(order, 5), strict=True))
        assert [len(a) for a, _ in pairs] == [5, 5, 2]
        assert all(torch.equal(a, b) and a.stride() == b.stride() for a, b in pairs)
    assert list(ahead.batches([], 5)) == []
    ahead.close()


def test_readers_that_stop_half_way_or_run_side_by_side(held, twelve):
    ahead = PhotoSet.load(twelve, 32, hold=False, workers=1)
    next(ahead.batches(range(12), 1))
    one, two = ahead.batches(range(12), 3), ahead.batches(range(11, -1, -1), 3)
    pairs = list(zip(one, two, strict=True))
    assert torch.equal(torch.cat([a for a, _ in pairs]), torch.cat([b for _, b in pairs]).flip(0))
    order = [3, 1, 2]
    assert torch.equal(next(ahead.batches(order, 3)), next(held.batches(order, 3)))
    ahead.close()


def test_workers_end_with_the_program_and_say_nothing(tmp_path, files, photo):
    files(tmp_path / "photos", {f"{i}.png": photo(i) for i in range(6)})
    script = tmp_path / "script.py"
    script.write_text(
        "from photochrom.data.photos import find_photos\n"
        "from photochrom.data.photoset import PhotoSet\n"
        "if __name__ == '__main__':\n"
        f"    photos = PhotoSet.load(find_photos({str(tmp_path / 'photos')!r}), 16, hold=False, workers=1)\n"
        "    print(sum(len(batch) for batch in photos.batches(range(6), 2)))\n"
        "    rest = photos.batches(range(6), 2)\n"
        "    print(len(next(rest)))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "6\n2\n", "")


def test_unusable_photos_are_named_and_skipped(tmp_path, files, photo, grey):
    whole = photo(1, suffix=".webp", height=300, width=300)
    bad = {"b.webp": whole[: len(whole) // 2], "c.png": b"", "d.png": b"no photo", "e.png": grey(0)}
    files(tmp_path, {"a.png": photo(0), **bad, "f.webp": whole})
    refs = [*find_photos(tmp_path), PhotoRef("gone.jpg", None, tmp_path / "gone.jpg")]
    for hold in (True, False):
        photos = PhotoSet.load(refs, 16, hold=hold, workers=0)
        assert photos.keys == ("a.png", "f.webp")
        assert [skipped.key for skipped in photos.skipped] == ["b.webp", "c.png", "d.png", "e.png", "gone.jpg"]
        assert [key in str(error) for key, error in photos.skipped] == [True] * 5
        assert "no colour" in photos.skipped[3].error.problem
        assert sum(len(batch) for batch in photos.batches([1, 0, 1], 2)) == 3
    assert "e.png" in PhotoSet.load(refs, 16, min_chroma=0).keys


@pytest.mark.skipif(not hasattr(libvips(), "concurrency_get"), reason="pyvips before 3.2")
def test_loading_leaves_libvips_as_it_was(twelve):
    before = libvips().concurrency_get()
    PhotoSet.load(twelve, 8, limit=3)
    assert libvips().concurrency_get() == before


def test_limit_counts_usable_photos(tmp_path, files, photo, grey):
    files(tmp_path, {"a.png": grey(0), "b.png": photo(1), "c.png": photo(2), "d.png": grey(3)})
    refs = find_photos(tmp_path)
    photos = PhotoSet.load(refs, 16, limit=2)
    assert photos.keys == ("b.png", "c.png")
    assert [skipped.key for skipped in photos.skipped] == ["a.png"]  # d.png was not looked at
    assert len(PhotoSet.load(refs, 16, limit=9)) == 2
    with pytest.raises(ValueError, match="limit"):
        PhotoSet.load(refs, 16, limit=0)


@pytest.mark.parametrize("hold", [True, False])
def test_what_is_known_is_not_decoded_again(tmp_path, files, photo, grey, monkeypatch, hold):
    names = ["a.png", "b.png", "c.png", "d.png", "e.png", "f.png"]
    files(tmp_path, {name: grey(0) if name in ("a.png", "d.png") else photo(ord(name[0])) for name in names})
    refs = find_photos(tmp_path)
    fresh = PhotoSet.load(refs, 16, limit=4, hold=hold, workers=0)
    known = PhotoSet.load(refs, 16, limit=2, workers=0, hold=True)
    seen = []
    monkeypatch.setattr(
        module, "decode_all", lambda refs, *rest: seen.append(len(refs)) or decode_all(refs, *rest)
    )
    calls = []
    loaded = PhotoSet.load(
        refs, 16, limit=4, hold=hold, workers=0, known=known, progress=lambda *call: calls.append(call)
    )
    assert seen == [3]  # d, e and f
    assert calls[-1] == (4, 4)
    assert (loaded.keys, loaded.fingerprint) == (fresh.keys, fresh.fingerprint)
    assert [one.key for one in loaded.skipped] == [one.key for one in fresh.skipped] == ["a.png", "d.png"]
    for mine, theirs in zip(loaded.batches(range(4), 3), fresh.batches(range(4), 3), strict=True):
        assert torch.equal(mine, theirs)
    assert PhotoSet.load(refs, 16, limit=4, known=loaded) is loaded
    assert PhotoSet.load(refs, 16, limit=9, known=loaded) is loaded  # there are no more
    seen.clear()
    for other in (PhotoSet.load(refs[1:], 16, limit=4, known=known), PhotoSet.load(refs, 8, limit=4, known=known)):
        assert other.keys == fresh.keys
    assert PhotoSet.load(refs, 16, limit=1, known=known).keys == fresh.keys[:1]
    assert seen == [5, 6, 6]


def test_nothing_usable_says_why(tmp_path, files, grey):
    files(tmp_path, {f"{i}.png": grey(i) for i in range(5)})
    with pytest.raises(DataError, match=r"none of the 5 photos can be used: 0\.png: has no colour .*; 1\.png"):
        PhotoSet.load(find_photos(tmp_path), 16)
    with pytest.raises(DataError, match="no photos were given"):
        PhotoSet.load([], 16)


def test_a_photo_that_goes_away_during_training(tmp_path, files, photo):
    files(tmp_path, {f"{i}.png": photo(i) for i in range(3)})
    for workers in (0, 1):
        photos = PhotoSet.load(find_photos(tmp_path), 16, hold=False, workers=workers)
        (tmp_path / "1.png").rename(tmp_path / "away")
        with pytest.raises(DataError, match=r"^.*1\.png: cannot be read.*when training began$"):
            list(photos.batches(range(3), 3))
        with pytest.raises(DataError, match=r"1\.png: cannot be read"):
            photos.photo(1)
        (tmp_path / "away").rename(tmp_path / "1.png")
        assert len(next(photos.batches(range(3), 3))) == 3
        photos.close()


def test_memory_is_measured_with_the_reserve(twelve, monkeypatch):
    asked = []

    def fits(needed: int, device: torch.device, *, reserve: int) -> bool:
        asked.append((needed, device.type, reserve))
        return len(asked) == 1

    monkeypatch.setattr(module, "fits", fits)
    assert PhotoSet.load(twelve, 8, reserve=7).on_device
    assert not PhotoSet.load(twelve, 8, limit=4, workers=0).on_device
    assert asked == [(12 * 8 * 8 * 3, "cpu", 7), (4 * 8 * 8 * 3, "cpu", 0)]


def test_progress_ends_at_the_total(twelve):
    calls: list[tuple[int, int]] = []
    PhotoSet.load(twelve, 8, progress=lambda *call: calls.append(call))
    assert calls == [(i, 12) for i in range(1, 13)]
    calls.clear()
    PhotoSet.load(twelve, 8, limit=5, progress=lambda *call: calls.append(call))
    assert calls[-1] == (5, 5)


def test_the_fingerprint_is_of_keys_order_and_size(twelve, held):
    assert PhotoSet.load(twelve, 32, hold=False, workers=0).fingerprint == held.fingerprint
    assert PhotoSet.load(twelve, 16).fingerprint != held.fingerprint
    assert PhotoSet.load(twelve[::-1], 32).fingerprint != held.fingerprint
    assert PhotoSet.load(twelve[:11], 32).fingerprint != held.fingerprint


def test_wrong_arguments(held):
    for order in ([12], [-1]):
        with pytest.raises(IndexError, match=r"outside 0\.\.11"):
            held.batches(order, 4)
    with pytest.raises(ValueError, match="batch_size"):
        held.batches([0], 0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_cuda(twelve, held):
    order = torch.randperm(12, generator=torch.Generator().manual_seed(0))
    for hold in (None, False):
        photos = PhotoSet.load(twelve, 32, device="cuda", hold=hold, workers=1)
        assert photos.on_device is (hold is None)
        for batch, expected in zip(photos.batches(order, 5), held.batches(order, 5), strict=True):
            assert batch.device.type == "cuda"
            assert torch.equal(batch.cpu(), expected)
        assert np.array_equal(photos.photo(3), held.photo(3))
        photos.close()
