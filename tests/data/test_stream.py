"""Photos streamed from shards: each once an epoch, whatever the number of processes, and on where one stopped."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from photochrom.data.packing.examine import Rules
from photochrom.data.packing.pack import pack_shards
from photochrom.data.stream import PhotoStream, find_shards
from photochrom.errors import DataError, RecipeError
from photochrom.training import Recipe, load_checkpoint, train
from photochrom.training.distributed import Ranks
from photochrom.training.loading import open_stream
from stores import SIGNATURE
from training_runs import losses

CPU = torch.device("cpu")
COUNT = 40
STREAMED = Recipe(
    name="t", network="article-1", size=16, crop_from=20, flip=True, batch=6, epochs=3, seed=3, shuffle_buffer=10,
    checkpoint_seconds=0,
)  # fmt: skip


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty photos in several shards, each of one colour of its own, and four in a shard to test with."""
    folder = tmp_path_factory.mktemp("stream")
    rules = Rules(min_side=1, keep=frozenset({"grey", "cut-out", "drawing", "duplicate"}))
    for name, numbers in (("train", range(COUNT)), ("test", range(COUNT, COUNT + 4))):
        (folder / name).mkdir()
        for number in numbers:
            color = np.array([5 * number, 255 - 5 * number, 40], np.uint8)
            Image.fromarray(np.broadcast_to(color, (24, 24, 3))).save(folder / name / f"{number:02}.png")
        pack_shards([str(folder / name)], folder / "shards", rules=rules, name=name, shard_size=15_000, jobs=1)
        (folder / "shards" / ".packing.sqlite").unlink()
    assert len(list((folder / "shards").glob("train-*.tar"))) > 3
    return folder / "shards"


def opened(shards: Path, buffer: int = 10) -> PhotoStream:
    stream, _ = PhotoStream.open(
        find_shards(shards), 20, device=CPU, buffer=buffer, test_fraction=0.5, seed=0, workers=2
    )
    return stream


def drawn(stream: PhotoStream, key: int, batch: int, first: int = 0, ranks: Ranks = Ranks()) -> list[list[int]]:  # noqa: B008
    """Return which photos each batch has, by their colours."""
    return [
        [round(int(value) / 5) for value in pixels[:, 0, 0, 0]]
        for pixels, numbers in stream.epoch(key, batch, first, ranks.own)
        if len(numbers) == len(pixels)
    ]


def test_an_epoch_has_every_photo_once_in_an_order_of_its_own(shards: Path) -> None:
    stream = opened(shards)
    assert len(stream) == COUNT
    epochs = [[photo for batch in drawn(stream, key, 7) for photo in batch] for key in (1, 1, 2)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(COUNT))
    assert epochs[0] == epochs[1] != epochs[2]
    assert epochs[0] != sorted(epochs[0])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 4), st.integers(1, 12), st.integers(0, 4))
def test_processes_share_the_batches_of_one_and_go_on_where_they_stopped(
    shards: Path, count: int, size: int, done: int
) -> None:
    stream = opened(shards)
    whole = drawn(stream, 5, size)[done:]
    parts = [drawn(stream, 5, size, done * size, Ranks(rank, count)) for rank in range(count)]
    for number, batch in enumerate(whole):
        for rank in range(count):
            mine = Ranks(rank, count).own(batch)
            assert parts[rank][number] == (mine or batch[:1])


def test_a_photo_has_one_number_in_all_epochs(shards: Path) -> None:
    stream = opened(shards)
    numbers: list[dict[int, int]] = []
    for key in (1, 2):
        batches = list(stream.epoch(key, 7, 0, Ranks().own))
        numbers.append({int(p[0, 0, 0]): n for ps, ns in batches for p, n in zip(ps, ns, strict=True)})
    assert numbers[0] == numbers[1]
    assert len(set(numbers[0].values())) == COUNT


def test_shards_without_lines_are_counted_by_their_headers(shards: Path, tmp_path: Path) -> None:
    for path in shards.glob("*.tar"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert len(opened(tmp_path)) == COUNT
    one = find_shards(tmp_path / "train-*.tar")[:1]
    unmarked = tmp_path / "photos.tar"
    unmarked.write_bytes(Path(one[0]).read_bytes())
    stream, testing = PhotoStream.open(
        [str(unmarked)], 20, device=CPU, buffer=3, test_fraction=0.5, seed=0, workers=1
    )
    with tarfile.open(unmarked) as tar:
        assert len(stream) + len(testing) == sum(name.endswith(".png") for name in tar.getnames())
    assert testing
    assert all(ref.read() for ref in testing)


def test_urls_are_streamed_through_fsspec(shards: Path) -> None:
    stream = opened(shards)
    remote, _ = PhotoStream.open(
        [f"file://{place}" for place in find_shards(shards)],
        20, device=CPU, buffer=10, test_fraction=0.5, seed=0, workers=2,
    )  # fmt: skip
    assert drawn(remote, 1, 7) == drawn(stream, 1, 7)


def test_a_lent_address_is_streamed_and_each_photo_known_again_whatever_its_signature(
    shards: Path, signed: tuple[str, Path]
) -> None:
    url, folder = signed
    for path in [*shards.glob("train-*.tar"), *shards.glob("train-*.jsonl")]:
        (folder / path.name).write_bytes(path.read_bytes())
    names = sorted(path.name for path in folder.glob("*.tar"))
    streams = []
    for signature in SIGNATURE, f"again/test=1&{SIGNATURE}":
        places = find_shards([f"{url}/{name}?{signature}" for name in names])
        stream, testing = PhotoStream.open(places, 20, device=CPU, buffer=10, test_fraction=0.5, seed=0, workers=2)
        assert not testing
        streams.append(stream)
    assert streams[0].fingerprint == streams[1].fingerprint
    assert drawn(streams[0], 1, 7) == drawn(streams[1], 1, 7) == drawn(opened(shards), 1, 7)
    numbers = [[n for _, ns in stream.epoch(1, 7, 0, Ranks().own) for n in ns] for stream in streams]
    assert numbers[0] == numbers[1]
    with pytest.raises(DataError) as caught:
        PhotoStream.open(
            [f"{url}/none.tar?{SIGNATURE}"], 20, device=CPU, buffer=1, test_fraction=0, seed=0, workers=1
        )
    assert "secret" not in str(caught.value)


def test_a_stopped_run_goes_on_exactly(shards: Path, tmp_path: Path) -> None:
    from photochrom.training.deadline import Deadline

    class Counted(Deadline):
        left = 10  # steps: in the second epoch of seven

        def holds(self, steps: float) -> bool:
            return self.left > 0

        def took(self, seconds: float) -> None:
            self.left -= 1

    whole = train(STREAMED, shards, tmp_path / "whole", progress=False)
    assert whole.history[-1].test_loss is not None
    train(STREAMED, shards, tmp_path / "run", progress=False, deadline=Counted(0))
    progress = load_checkpoint(tmp_path / "run").progress
    assert (progress.epoch, progress.step) == (1, 3)
    resumed = train(STREAMED, shards, tmp_path / "run", progress=False, resume=True)
    assert losses(resumed.history) == losses(whole.history)


def test_what_cannot_be_streamed_is_said(shards: Path, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(DataError, match="no \\.tar shard"):
        find_shards(tmp_path)
    with pytest.raises(DataError, match="no \\.tar shard"):
        find_shards(tmp_path / "photo.jpg")
    with pytest.raises(RecipeError, match="photos"):
        open_stream(STREAMED.model_copy(update={"photos": 3}), shards, CPU, reserve=0, sharing=1)
    stream = opened(shards)
    first_shard = Path(find_shards(shards / "train-*.tar")[0])
    copy = tmp_path / "shards"
    copy.mkdir()
    for path in shards.glob("train-*"):
        (copy / path.name).write_bytes(path.read_bytes())
    stream = opened(copy)
    with tarfile.open(first_shard) as old, tarfile.open(copy / first_shard.name, "w") as new:
        member = old.getmembers()[0]
        new.addfile(member, old.extractfile(member))
    with pytest.raises(DataError, match="another number"):
        drawn(stream, 1, 7)
    (copy / first_shard.name).unlink()
    with pytest.raises(DataError, match=first_shard.name):
        drawn(stream, 1, 7)
    with tarfile.open(copy / first_shard.name, "w") as tar:
        tar.add(tmp_path / "photo.jpg", "bad.jpg")
    with pytest.raises(DataError, match="leaves such out"):
        drawn(stream, 1, 7)
