"""Where photos to be packed lie: folders, shards and URLs, gone through one by one, without a list of them.

URLs are opened by fsspec: s3, gs, az, http, sftp and whatever else it has a package for.
"""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Any

from photochrom.errors import DataError, OutputError, PhotoError, reason_of
from photochrom.io.address import is_url
from photochrom.io.formats import PHOTO_SUFFIXES
from photochrom.io.storage import Storage

__all__ = ["Source", "find_sources"]

_SORTED = 100_000  # entries of a folder that are held and sorted at a time


@dataclass(frozen=True)
class Source:
    """One photo to be packed.

    Attributes:
        name: what tells it from all others, as the user named its folder or shard; it stands in the manifest.
        place: its file or URL; empty where `data` holds it.
        data: its bytes, where a shard was read through.
        said: what its shard's .json says of it.
    """

    name: str
    place: str = ""
    data: bytes | None = None
    said: dict[str, Any] = field(default_factory=dict)

    def read(self) -> bytes:
        """Return the photo's bytes.

        Raises:
            PhotoError: if it cannot be read.
        """
        if self.data is not None:
            return self.data
        try:
            with _opened(self.place) as file:
                return bytes(file.read())
        except (OSError, ValueError) as error:
            raise PhotoError(self.name, f"cannot be read ({reason_of(error, self.place)})", "check it") from error

    @property
    def suffix(self) -> str:
        """The suffix of its name, in small letters."""
        return PurePosixPath(self.name).suffix.lower()


def find_sources(places: Iterable[str]) -> Iterator[Source]:
    """Go through photos in an order that stays: by name in each folder, in a shard's own order.

    Hidden files are left out, and links to folders are not followed. Nothing is held but the names of one folder,
    100,000 of them at most.

    Args:
        places: folders, .tar shards, photos, and URLs of any of these.

    Raises:
        DataError: if a place is missing or cannot be read, or a shard is damaged.
    """
    for place in places:
        url = is_url(place)
        if place.lower().endswith(".tar"):
            yield from _in_shard(place)
        elif PurePosixPath(place).suffix.lower() in PHOTO_SUFFIXES:
            if not url and not Path(place).is_file():
                raise DataError(place, "there is no such file", "check the path")
            yield Source(place, place)
        elif url:
            yield from _below_url(place)
        else:
            yield from _below(Path(place).expanduser())


def _below(folder: Path) -> Iterator[Source]:
    pending = [folder]
    while pending:
        here = pending.pop()
        try:
            with os.scandir(here) as listing:
                while entries := sorted(islice(listing, _SORTED), key=lambda entry: entry.name):
                    folders = []
                    for entry in entries:
                        if entry.name.startswith("."):
                            continue
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(here / entry.name)
                        else:
                            yield from _file(str(here / entry.name))
                    pending += reversed(folders)
        except OSError as error:
            raise DataError(here, f"cannot be read ({reason_of(error, here)})", "check the path") from error


def _file(path: str) -> Iterator[Source]:
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in PHOTO_SUFFIXES:
        yield Source(path, path)
    elif suffix == ".tar":
        yield from _in_shard(path)


def _below_url(url: str) -> Iterator[Source]:
    try:
        store = Storage(url)
        for _, entries in store.walk(_is_hidden):
            for entry in entries:
                if not _is_hidden(entry.name):
                    yield from _file(store.url(entry.name))
    except (PhotoError, OutputError) as error:
        raise DataError(error.subject, error.problem, error.remedy) from error


def _is_hidden(name: str) -> bool:
    return name.rpartition("/")[2].startswith(".")


def _opened(place: str) -> AbstractContextManager[IO[bytes]]:
    """Open a file by its path or URL."""
    if not is_url(place):
        return Path(place).open("rb")
    above, _, name = place.rpartition("/")
    return Storage(above).open(name)


def _in_shard(place: str) -> Iterator[Source]:
    """Read a shard from its start to its end; its photos come with their bytes."""
    try:
        with _opened(place) as file, tarfile.open(fileobj=file, mode="r|") as tar:
            waiting: dict[str, Source] = {}
            said: dict[str, dict[str, Any]] = {}
            for member in tar:
                parent, _, base = member.name.rpartition("/")
                stem, _, suffixes = base.partition(".")
                key, suffix = f"{parent}/{stem}" if parent else stem, f".{suffixes.rpartition('.')[2].lower()}"
                if not member.isreg() or not stem or (suffix != ".json" and suffix not in PHOTO_SUFFIXES):
                    continue
                yield from _finished(waiting, said, but=key)
                content = tar.extractfile(member)
                assert content is not None
                if suffix == ".json":
                    said[key] = _object(content.read())
                else:
                    waiting[key] = Source(f"{place}/{member.name}", data=content.read())
            yield from _finished(waiting, said, but=None)
    except (PhotoError, OutputError) as error:
        raise DataError(error.subject, error.problem, error.remedy) from error
    except (OSError, tarfile.TarError, ValueError) as error:
        raise DataError(
            place, f"cannot be read ({reason_of(error, place)})", "check the path, or copy it again"
        ) from error


def _finished(waiting: dict[str, Source], said: dict[str, dict[str, Any]], *, but: str | None) -> Iterator[Source]:
    """Give the photo that waited for its .json, once another sample begins."""
    for key in [key for key in waiting if key != but]:
        yield replace(waiting.pop(key), said=said.pop(key, {}))
    for key in [key for key in said if key != but]:
        del said[key]


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
