"""Where photos to be packed lie: folders, shards and URLs, gone through one by one, without a list of them.

URLs are opened by fsspec: s3, gs, az, http, sftp and whatever else it has a package for.
"""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Any

from photochrom.errors import DataError, OutputError, PhotoError, reason_of
from photochrom.io.address import is_url, split_address
from photochrom.io.folder_rules import default_rules
from photochrom.io.folders import folder_identity, is_folder
from photochrom.io.formats import PHOTO_SUFFIXES
from photochrom.io.storage import Storage

__all__ = ["Source", "find_sources"]

_SORTED = 100_000  # entries of a folder that are held and sorted at a time


@dataclass(frozen=True)
class Source:
    """One photo to be packed.

    Attributes:
        name: what tells it from all others, as the user named its folder or shard, without passwords and
            signatures; it stands in the manifest.
        place: its file, or its path in `store`; empty where `data` holds it.
        store: where it lies, if not on this machine.
        data: its bytes, where a shard was read through.
        said: what its shard's .json says of it.
    """

    name: str
    place: str = ""
    store: Storage | None = None
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
            with _opened(self.place, self.store) as file:
                return bytes(file.read())
        except (OSError, ValueError) as error:
            raise PhotoError(self.name, f"cannot be read ({reason_of(error, self.place)})", "check it") from error

    @property
    def suffix(self) -> str:
        """The suffix of its name, in small letters."""
        return PurePosixPath(self.name).suffix.lower()


def find_sources(places: Sequence[str], output: str | Path | None = None) -> Iterator[Source]:
    """Go through photos in an order that stays: by name in each folder, in a shard's own order.

    What `default_rules` leave out of a folder stays out. Links to folders are followed once the real ones are
    through, and to each real folder once. Nothing is held but the names of one folder, 100,000 of them at most.

    Args:
        places: folders, .tar shards, photos, and URLs of any of these.
        output: a folder, by path or URL, whose shards are left out where it lies in one of them.

    Raises:
        DataError: if a place is missing or cannot be read, or a shard is damaged.
    """
    for place in places:  # all of them now: the first may take days
        if not is_url(place) and not Path(place).expanduser().exists():
            raise DataError(place, "there is no such file or folder", "check the path")
    for place in places:
        if is_url(place):
            yield from _at_url(place, output)
        elif _is_file(place) and not Path(place).expanduser().is_dir():
            yield from _file(str(Path(place).expanduser()))
        else:
            yield from _below(Path(place).expanduser(), output)


def _below(folder: Path, output: str | Path | None) -> Iterator[Source]:
    entered, rules = set[tuple[int, int]](), default_rules()
    results = None if output is None or is_url(str(output)) else folder_identity(Path(output))
    starts = [folder]
    for start in starts:  # which grows by links while it is gone through
        pending = [start]
        while pending:
            here = pending.pop()
            identity = folder_identity(here)
            if identity in entered:
                continue
            if identity is not None:  # else it fails where it is opened, with the reason
                entered.add(identity)
            try:
                with os.scandir(here) as listing:
                    while entries := sorted(islice(listing, _SORTED), key=lambda entry: entry.name):
                        folders = []
                        for entry in entries:
                            path, above = here / entry.name, is_folder(entry)
                            if rules.reason(path.relative_to(folder).as_posix(), is_folder=above) is not None:
                                continue
                            if not above:
                                if identity != results or path.suffix.lower() != ".tar":
                                    yield from _file(str(path))
                            elif entry.is_symlink():
                                starts.append(path)
                            else:
                                folders.append(path)
                        pending += reversed(folders)
            except OSError as error:
                raise DataError(here, f"cannot be read ({reason_of(error, here)})", "check the path") from error


def _at_url(url: str, output: str | Path | None) -> Iterator[Source]:
    above, name = split_address(url)
    rules = default_rules()
    try:
        if _is_file(name):
            yield from _file(name, Storage(above))
            return
        store = Storage(url)
        results = None if output is None else store.place_of(Storage(str(output)))
        for here, entries in store.walk(lambda folder: rules.reason(folder, is_folder=True) is not None):
            for entry in entries:
                if here == results and PurePosixPath(entry.name).suffix.lower() == ".tar":
                    continue
                if rules.reason(entry.name, is_folder=False) is None:
                    yield from _file(entry.name, store)
    except (PhotoError, OutputError) as error:
        raise DataError(error.subject, error.problem, error.remedy) from error


def _is_file(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in PHOTO_SUFFIXES | {".tar"}


def _file(place: str, store: Storage | None = None) -> Iterator[Source]:
    name = place if store is None else store.url(place)
    suffix = PurePosixPath(place).suffix.lower()
    if suffix in PHOTO_SUFFIXES:
        yield Source(name, place, store)
    elif suffix == ".tar":
        yield from _in_shard(name, place, store)


def _opened(place: str, store: Storage | None) -> AbstractContextManager[IO[bytes]]:
    return Path(place).open("rb") if store is None else store.open(place)


def _in_shard(name: str, place: str, store: Storage | None) -> Iterator[Source]:
    """Read a shard from its start to its end; its photos come with their bytes."""
    try:
        with _opened(place, store) as file, tarfile.open(fileobj=file, mode="r|") as tar:
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
                    waiting[key] = Source(f"{name}/{member.name}", data=content.read())
            yield from _finished(waiting, said, but=None)
    except (PhotoError, OutputError) as error:
        raise DataError(error.subject, error.problem, error.remedy) from error
    except (OSError, tarfile.TarError, ValueError) as error:
        raise DataError(
            name, f"cannot be read ({reason_of(error, place)})", "check the path, or copy it again"
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
