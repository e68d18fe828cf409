"""Photos streamed from shards, for sets that fit nowhere: read from start to end, mixed in a buffer, decoded.

An epoch's photos are one sequence that the seed and the epoch decide: WebDataset's reader goes through the shards
in an order of its own for each epoch, and WebDataset's shuffle buffer mixes what it reads. Every process goes
through the whole sequence and decodes its own photos of each batch. So there is nothing to keep of the reader's
state: a run that goes on reads up to where it stood, without decoding, and has exactly the photos that it would
have had.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from photochrom.data.decode import Skipped, default_workers, set_vips_threads
from photochrom.data.keyed_random import mix
from photochrom.data.photos import PhotoRef, part_of_shard, split_draw
from photochrom.data.remote import expand_braces
from photochrom.data.shards import index_shard
from photochrom.errors import DataError, PhotoError, reason_of, require_extra
from photochrom.io.address import is_url, split_query, without_secrets
from photochrom.io.crops import read_crop
from photochrom.io.formats import PHOTO_SUFFIXES
from photochrom.threads import ReadAhead, map_in_order

__all__ = ["PhotoStream", "find_shards"]

_BATCHES = 2  # that are ready before they are asked for
_TOGETHER = 4  # photos that a thread decodes before it hands them over


class _Sample(NamedTuple):
    key: str
    data: bytes


@dataclass(frozen=True)
class _Shard:
    """A shard, and how many of its photos are trained on."""

    place: str
    photos: int


class PhotoStream:
    """The photos that an epoch trains on, read from shards as it goes on. Made by `PhotoStream.open`.

    Attributes:
        size: side of each photo in pixels.
        device: where batches are.
        skipped: empty: a photo that cannot be read ends the run (`photochrom shards` leaves such out).
        on_device: False.
    """

    skipped: tuple[Skipped, ...] = ()
    on_device = False

    def __init__(
        self,
        shards: Sequence[_Shard],
        size: int,
        *,
        device: torch.device,
        buffer: int,
        chosen: _Chosen,
        workers: int,
    ) -> None:
        self.size, self.device = size, device
        self._shards, self._buffer, self._chosen, self._workers = tuple(shards), buffer, chosen, workers

    @classmethod
    def open(
        cls,
        shards: Sequence[str],
        size: int,
        *,
        device: torch.device,
        buffer: int,
        test_fraction: float,
        seed: int,
        workers: int | None = None,
    ) -> tuple[PhotoStream, list[PhotoRef]]:
        """Count the photos of shards, and find those to test with.

        The count is that of the .jsonl beside a shard where `photochrom shards` wrote one; else the shard's
        headers are read.

        Args:
            shards: paths and URLs of .tar files.
            size: side of the square that each photo is shrunk to cover and cut to, in pixels.
            device: where batches shall be.
            buffer: photos, as files, that are mixed at a time.
            test_fraction: as `split_photos` has it, likewise the split by shards' names.
            seed: of the split.
            workers: threads that decode; as many as processors if None.

        Raises:
            DataError: if a shard cannot be read, or none holds a photo to train on.
        """
        marked = any(part_of_shard(without_secrets(place)) is not None for place in shards)
        chosen = _Chosen(marked, test_fraction, seed)
        kept: list[_Shard] = []
        testing: dict[str, set[str]] = {}
        for place in shards:
            count = 0
            for key in _keys(place):
                if chosen(without_secrets(place), key):
                    count += 1
                elif not is_url(place):
                    testing.setdefault(place, set()).add(key)
            if count:
                kept.append(_Shard(place, count))
        if not kept:
            raise DataError(
                without_secrets(", ".join(shards)), "no photos to train on in these shards", "name others"
            )
        found = cls(
            kept, size, device=device, buffer=buffer, chosen=chosen,
            workers=default_workers() if workers is None else workers,
        )  # fmt: skip
        return found, _placed(testing)

    def __len__(self) -> int:
        return sum(shard.photos for shard in self._shards)

    @property
    def fingerprint(self) -> str:
        """A hash over size, shards and their counts."""
        said = json.dumps(
            [self.size, self._buffer, [[without_secrets(shard.place), shard.photos] for shard in self._shards]]
        )
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()

    def epoch(
        self, key: int, batch_size: int, first: int, own: Callable[[Sequence[int]], Sequence[int]]
    ) -> Iterator[tuple[Tensor, list[int]]]:
        """Draw this process's part of an epoch's batches.

        Args:
            key: decides the order.
            batch_size: photos in a batch of all processes together.
            first: photos of the epoch that were drawn before.
            own: gives this process's places among those of a batch.

        Yields:
            uint8 RGB [B,3,size,size] on the device, channels last in memory, and a number for each photo, by which
            it is known in all epochs. Where a batch has no photo for this process it is one that does not count.

        Raises:
            DataError: if a shard changed, or a photo cannot be decoded.
        """
        before = set_vips_threads(1)
        reader = ReadAhead(self._gathered(self._decoded(self._samples(key, batch_size, first, own))), _BATCHES)
        try:
            for pixels, numbers in reader:
                batch = torch.from_numpy(pixels).to(self.device, non_blocking=True)
                yield batch.permute(0, 3, 1, 2), numbers
        finally:
            reader.close()
            set_vips_threads(before)

    def batches(self, order: Sequence[int], batch_size: int) -> Iterator[Tensor]:
        """Yield the first photos, as many as `order` is long, in the shards' own order: not to train on."""
        left, batch = len(order), []
        for sample in self._read([shard.place for shard in self._shards]):
            if left == 0:
                break
            batch.append(read_crop(sample.data, self.size, name=sample.key))
            left -= 1
            if len(batch) == batch_size or left == 0:
                yield torch.from_numpy(np.stack(batch)).to(self.device).permute(0, 3, 1, 2)
                batch = []

    def close(self) -> None:
        """Do nothing: a reader ends with its epoch."""

    def _samples(
        self, key: int, batch_size: int, first: int, own: Callable[[Sequence[int]], Sequence[int]]
    ) -> Iterator[tuple[_Sample, bool]]:
        """Give this process's photos, and whether each is the last one of its part of a batch."""
        with require_extra("train", "Streaming shards"):
            from webdataset import shuffle
        draw = random.Random(mix(key))
        places = [shard.place for shard in self._shards]
        draw.shuffle(places)
        mixed = shuffle(self._buffer, initial=self._buffer, rng=draw)(iter(self._read(places)))
        total, count, part = len(self), 0, []
        for sample in mixed:
            count += 1
            if count > total:
                break
            if count <= first:
                continue
            part.append(sample)
            if len(part) == batch_size or count == total:
                mine = own(part) or part[:1]
                yield from ((one, number == len(mine) - 1) for number, one in enumerate(mine))
                part = []
        if count != total:
            raise DataError(None, f"the shards held {total} photos and now hold another number", "start again")

    def _decoded(
        self, samples: Iterable[tuple[_Sample, bool]]
    ) -> Iterator[tuple[np.ndarray[Any, Any], int, bool]]:
        def work(given: Sequence[tuple[_Sample, bool]]) -> list[tuple[np.ndarray[Any, Any], int, bool]]:
            return [(*self._decode(sample), ends) for sample, ends in given]

        waiting = iter(samples)
        groups = iter(lambda: tuple(islice(waiting, _TOGETHER)), ())
        for done in map_in_order(work, groups, self._workers, ahead=4 * self._workers):
            yield from done

    def _decode(self, sample: _Sample) -> tuple[np.ndarray[Any, Any], int]:
        """Return a photo's pixels and its number."""
        try:
            pixels = read_crop(sample.data, self.size, name=sample.key)
        except PhotoError as error:
            remedy = "pack the photos with photochrom shards, which leaves such out"
            raise DataError(sample.key, error.problem, remedy) from error
        digest = hashlib.sha256(sample.key.encode("utf-8", "surrogatepass")).digest()
        return pixels, int.from_bytes(digest[:7], "big")

    def _gathered(
        self, photos: Iterable[tuple[np.ndarray[Any, Any], int, bool]]
    ) -> Iterator[tuple[np.ndarray[Any, Any], list[int]]]:
        """Put the photos of each batch together."""
        pixels: list[np.ndarray[Any, Any]] = []
        numbers: list[int] = []
        for found, number, ends in photos:
            pixels.append(found)
            numbers.append(number)
            if ends:
                yield np.stack(pixels), numbers
                pixels, numbers = [], []

    def _read(self, places: Sequence[str]) -> Iterator[_Sample]:
        with require_extra("train", "Streaming shards"):
            from webdataset.tariterators import group_by_keys, tar_file_expander
        for place in places:
            shown = without_secrets(place)
            try:
                with _opened(place) as stream:
                    files = tar_file_expander([{"url": shown, "stream": stream}], select_files=_is_photo)
                    for sample in group_by_keys(files):
                        name = str(sample["__key__"])
                        if self._chosen(shown, name):
                            photo = next(value for key, value in sample.items() if not key.startswith("__"))
                            yield _Sample(f"{Path(shown).name}:{name}", photo)
            except (OSError, ValueError) as error:
                why = without_secrets(reason_of(error)).replace(shown, "it")
                raise DataError(shown, f"cannot be read ({why})", "check it") from error


class _Chosen(NamedTuple):
    """Tells whether a photo of a shard is trained on."""

    marked: bool
    test_fraction: float
    seed: int

    def __call__(self, place: str, key: str) -> bool:
        if self.marked:
            return part_of_shard(place) != "test"
        return split_draw(PhotoRef(key, None, Path(place)), self.seed) >= self.test_fraction


def find_shards(data: str | Path | Sequence[str | Path]) -> list[str]:
    """List the shards of folders, patterns, paths and URLs, sorted within each.

    Raises:
        DataError: if something else is named, or nothing is found.
    """
    found: dict[str, None] = {}
    for item in [data] if isinstance(data, str | Path) else data:
        path = Path(item).expanduser()
        if not is_url(str(item)) and path.is_dir():
            some = sorted(map(str, path.rglob("*.tar")))
        elif not is_url(str(item)) and any(mark in str(item) for mark in "*?["):
            some = sorted(map(str, path.parent.glob(path.name)))
        else:
            some = expand_braces(str(item))
        wrong = next((one for one in some if not _is_shard(one)), None if some else str(item))
        if wrong is not None:
            raise DataError(
                without_secrets(wrong), "is no .tar shard to stream", "pack the photos first: photochrom shards"
            )
        found.update(dict.fromkeys(some))
    return list(found)


def _is_shard(place: str) -> bool:
    return split_query(place)[0].lower().endswith(".tar")


def _keys(place: str) -> Iterator[str]:
    shard, query = split_query(place)
    lines = shard[: -len(".tar")] + ".jsonl" + query
    if is_url(place) or Path(lines).is_file():
        try:
            with _opened(lines) as file:
                for line in file:
                    yield json.loads(line)["key"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            shown = without_secrets(lines)
            why = without_secrets(reason_of(error)).replace(shown, "it")
            raise DataError(shown, f"cannot be read ({why})", "pack the photos with photochrom shards") from error
        return
    yield from (member.key for member in index_shard(Path(place)))


def _placed(testing: dict[str, set[str]]) -> list[PhotoRef]:
    """Say where in their shards the photos to test with lie."""
    return [
        PhotoRef(f"{place}:{key}", "test", Path(place), offset, length)
        for place, keys in testing.items()
        for key, offset, length in index_shard(Path(place))
        if key in keys
    ]


def _is_photo(name: str) -> bool:
    return f".{name.rpartition('.')[2].lower()}" in PHOTO_SUFFIXES


def _opened(place: str) -> Any:
    if not is_url(place):
        return Path(place).open("rb")
    with require_extra("scale", "A URL"):
        import fsspec
    return fsspec.open(place, "rb")
