"""Where the photos of a training lie: folders, shards, patterns and URLs become one list in a fixed order.

The list is then split into photos to train on and photos to test with.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NoReturn

from photochrom.data.remote import expand_braces, fetch_shard
from photochrom.data.shards import index_shard
from photochrom.errors import DataError, PhotoError
from photochrom.io.address import is_url
from photochrom.io.folders import Entries, describe_others, is_folder, walk_files
from photochrom.io.formats import PHOTO_SUFFIXES

__all__ = ["PhotoRef", "find_photos", "part_of_shard", "split_draw", "split_photos"]

Part = Literal["train", "test"]

_KAGGLE: dict[str, Part] = {"train_color": "train", "test_color": "test"}
_PART_WORD = re.compile(r"(?<![a-z])(train|test)(?![a-z])")
_COMPRESSED_TAR = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")


@dataclass(frozen=True, slots=True)
class PhotoRef:
    """Where one photo's bytes lie: a file, or a stretch of a local .tar shard.

    Attributes:
        key: path below the folder, or the shard's sample key; no two photos of one list share it.
        part: what a recognised layout says of it; None where none does.
        path: the photo's file, or the shard.
        offset: first byte in `path`.
        length: how many bytes; None for a whole file.
        name: the key, as it was before others of the same one made it longer.
    """

    key: str
    part: Part | None
    path: Path
    offset: int = 0
    length: int | None = None
    name: str = ""

    def read(self) -> bytes:
        """Return the photo's bytes.

        Raises:
            PhotoError: if the file is gone, cannot be read, or is no regular one, such as a pipe.
            DataError: if a shard has become shorter since it was listed.
        """
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):  # nobody may ever write to a pipe
                raise PhotoError(self.path, "is no regular file", "copy the photo to a file first")
            with self.path.open("rb") as file:
                file.seek(self.offset)
                data = file.read() if self.length is None else file.read(self.length)
        except OSError as error:
            raise PhotoError(self.path, f"cannot be read ({error.strerror})", "check the file") from error
        if self.length is not None and len(data) < self.length:
            raise DataError(self.path, "was changed after it was listed", "start again")
        return data


def find_photos(
    data: str | Path | Sequence[str | Path],
    *,
    cache: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> list[PhotoRef]:
    """List the photos of a folder, of shards, or of several of these.

    Each item of `data` is one of: a folder of photos at any depth (hidden files, thumbnails and trash are ignored,
    symbolic links followed, each folder once); a folder of .tar shards at any depth; a .tar; a photo; a pattern of
    paths (``shards/photos-*.tar``, ``photos-{00..02}.tar``); a URL of a .tar, or a pattern of URLs. A folder that
    holds both photos and shards is an error: most often the one is the other, unpacked.

    Parts are recognised in two layouts. Where a folder holds ``train_color/`` or ``test_color/``, only these two
    are used and everything beside them (``train_black/``) is ignored. A shard whose file name has the word
    ``train`` or ``test`` belongs to that part.

    Args:
        data: where to look.
        cache: folder for shards fetched from URLs; the user's own cache folder if None.
        say: called with a line for each folder that holds files that are not known as photos, such as raw ones.

    Returns:
        Items in the order given; in each, shards sorted by path and in them the shard's order, photos sorted by
        path. A photo that several names or links lead to is listed once. Photos of several shards or folders that
        share a key have the shard's or folder's name put before it.

    Raises:
        DataError: if a path is missing or unreadable, nothing is found, or a shard is damaged.
    """
    items = [data] if isinstance(data, str | Path) else list(data)
    if not items:
        raise DataError(None, "no photos were named", "give a folder of photos, a .tar shard, a pattern or a URL")
    places: dict[Path, None] = {}
    for item in items:
        places.update(dict.fromkeys(place.absolute() for place in _local(item, cache)))
    found: dict[tuple[str, int], tuple[PhotoRef, Path]] = {}
    for place in places:
        for ref in _photos_at(place, say):
            # By its real path: else a photo and a link to it may come to be trained on and tested with.
            real = os.path.realpath(ref.path)
            found.setdefault((real, ref.offset), (ref, ref.path if ref.length is not None else place))
    if not found:
        raise DataError(
            ", ".join(map(str, items)), f"no photos in it, no {_suffixes()} files", "name other shards"
        )
    return _unique(list(found.values()))


def split_photos(
    refs: Sequence[PhotoRef], *, test_fraction: float, seed: int
) -> tuple[list[PhotoRef], list[PhotoRef]]:
    """Split photos into those to train on and those to test with.

    A part that the photos' layout names is obeyed. As soon as it names the part of any photo, the photos without
    one are for training: whoever marked some test photos meant the others not to be. Where none is named, a hash
    of seed and name decides photo by photo, so that photos added later never move others to the other side.

    Args:
        refs: photos with keys that differ.
        test_fraction: about this share of the photos tests, 0..1; 0 for none.
        seed: another seed gives another split.

    Returns:
        Photos to train on and photos to test with, each in the order of `refs`.

    Raises:
        ValueError: if `test_fraction` is below 0 or above 1.
    """
    if not 0 <= test_fraction <= 1:
        raise ValueError(f"test_fraction must be 0..1, not {test_fraction}")
    marked = any(ref.part is not None for ref in refs)
    train: list[PhotoRef] = []
    test: list[PhotoRef] = []
    for ref in refs:
        for_test = ref.part == "test" if marked else split_draw(ref, seed) < test_fraction
        (test if for_test else train).append(ref)
    return train, test


def split_draw(ref: PhotoRef, seed: int) -> float:
    """Draw a photo's number in 0..1, below 1, by seed and name alone, on every machine; the lowest test."""
    # File names that are no UTF-8 come from the file system as lone surrogates.
    digest = hashlib.sha256(f"{seed}\0{ref.name or ref.key}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big") / (1 << 48)


def part_of_shard(place: str) -> Part | None:
    """Return the part that the name of a shard, the last of a path or URL, says it belongs to."""
    words = set(_PART_WORD.findall(place.rpartition("/")[2].lower()))
    return words.pop() if len(words) == 1 else None


def _local(item: str | Path, cache: Path | None) -> list[Path]:
    """Turn one item of `data` into paths that exist."""
    text = str(item)
    if is_url(text) and not text.startswith("file://"):
        return [fetch_shard(url, cache) for url in expand_braces(text)]
    text = text.removeprefix("file://")
    path = Path(text).expanduser()
    if path.exists():  # before any pattern: a name may hold brackets and braces
        return [path]
    names = expand_braces(str(path)) if "{" in text else [str(path)]
    paths: list[Path] = []
    for name in names:
        # Path.glob takes no absolute pattern.
        matches = sorted(glob.glob(name, recursive=True)) if glob.has_magic(name) else [name]  # noqa: PTH207
        if not matches:
            raise DataError(name, "no file matches this pattern", "check it")
        for match in map(Path, matches):
            if not match.exists():
                raise DataError(match, "there is no such file or folder", "check the path")
            paths.append(match)
    return paths


def _photos_at(place: Path, say: Callable[[str], None]) -> list[PhotoRef]:
    if place.is_dir():
        return _photos_below(place, say)
    if place.suffix.lower() in PHOTO_SUFFIXES:
        return [PhotoRef(place.name, None, place)]
    return _photos_in(place)


def _photos_in(shard: Path) -> list[PhotoRef]:
    part = part_of_shard(shard.name)
    return [PhotoRef(key, part, shard, offset, length) for key, offset, length in index_shard(shard)]


def _photos_below(folder: Path, say: Callable[[str], None]) -> list[PhotoRef]:
    photos: list[PhotoRef] = []
    others: Counter[str] = Counter()
    shards: list[Path] = []
    compressed: Path | None = None
    for path in _files(folder):
        if path.suffix.lower() in PHOTO_SUFFIXES:
            below = path.relative_to(folder)
            parts = [_KAGGLE[name] for name in (folder.name, *below.parts[:-1]) if name in _KAGGLE]
            photos.append(PhotoRef(below.as_posix(), parts[-1] if parts else None, path))
        elif path.suffix.lower() == ".tar":
            shards.append(path)
        elif path.name.lower().endswith(_COMPRESSED_TAR):
            compressed = path
        else:
            others[path.suffix.lower()] += 1
    unknown = describe_others(others)
    if photos and shards:
        raise DataError(
            folder,
            f"holds both photos ({photos[0].key}) and shards ({shards[0].relative_to(folder)})",
            "name the one or the other",
        )
    if not photos and not shards:
        remedy = (
            f"unpack {compressed.name}, which is compressed, to a plain .tar" if compressed else "check the path"
        )
        but = f", but {unknown}" if unknown else ""
        raise DataError(folder, f"no photos in it, neither {_suffixes()} nor .tar shards{but}", remedy)
    if unknown:
        say(f"{folder}: {unknown}")
    if shards:
        return [ref for shard in sorted(shards) for ref in _photos_in(shard)]
    return sorted(photos, key=lambda ref: ref.key)


def _files(folder: Path) -> Iterator[Path]:
    def unreadable(path: Path, error: OSError) -> NoReturn:
        raise DataError(path, f"cannot be read ({error.strerror})", "check its permissions") from error

    def choose(_: Path, entries: Entries) -> Entries:
        return [entry for entry in entries if entry.name in _KAGGLE and is_folder(entry)] or entries

    for path in walk_files(folder, unreadable=unreadable, choose=choose):
        yield folder / path


def _unique(found: list[tuple[PhotoRef, Path]]) -> list[PhotoRef]:
    """Put the source's name before keys that several sources share, and its path where even that is shared."""
    refs = [ref for ref, _ in found]
    counts = Counter(ref.key for ref in refs)
    if len(counts) == len(refs):
        return refs
    refs = [
        replace(ref, key=f"{_name(source)}/{ref.key}", name=ref.key) if counts[ref.key] > 1 else ref
        for ref, source in found
    ]
    counts = Counter(ref.key for ref in refs)
    return [
        replace(ref, key=f"{source.as_posix()}:{before.key}") if counts[ref.key] > 1 else ref
        for ref, (before, source) in zip(refs, found, strict=True)
    ]


def _name(source: Path) -> str:
    if source.is_dir():
        return source.name
    return source.stem if source.suffix.lower() == ".tar" else source.parent.name


def _suffixes() -> str:
    return " ".join(sorted(PHOTO_SUFFIXES))
