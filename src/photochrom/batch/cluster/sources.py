"""The photos of folders and shards wherever they lie, each with what tells later whether it has changed."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from photochrom.batch.plan import make_plan
from photochrom.batch.search import HIDDEN
from photochrom.batch.shots import Shots
from photochrom.errors import OutputError, PhotochromError, PhotoError, reason_of
from photochrom.io.address import is_url, split_address
from photochrom.io.folder_rules import FolderRules
from photochrom.io.formats import PHOTO_SUFFIXES, result_suffix
from photochrom.io.sidecars import files_beside
from photochrom.io.storage import Entry, Storage

__all__ = ["Sources", "StoredPhoto"]


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """One photo and the result to make of it.

    Attributes:
        place: the folder that was named, by its path or URL, as it may be shown.
        name: the photo's path from there; of a shard's photo, the shard's.
        result: the result's path from the folder of results.
        size: of the photo, in bytes.
        stamp: what tells whether it is still the same.
        member: of a shard's photo, its name there.
        start: where in the shard it begins.
        sidecars: files beside it that may be its sidecars, as paths from `place`.
        taken: files that somebody else has put where its sidecars' copies would go.
        given: number of the argument that it came by, where the place alone does not open it.
    """

    place: str
    name: str
    result: str
    size: int
    stamp: str
    member: str = ""
    start: int = 0
    sidecars: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    given: int | None = None

    @property
    def source(self) -> str:
        """What its user calls it."""
        return "/".join(filter(None, (self.place, self.name, self.member)))


class Sources:
    """Goes through what a call was given.

    Args:
        places: photos, folders and .tar shards, by path or URL.
        output: folder of the results.
        suffix: of every result, such as ``".png"``; None for each photo's own. Of a photo in a store that is by
            its name alone: to look into each would be a request for each.
        rules: say what in a folder is left out.

    Attributes:
        opened: the places whose addresses hold a secret, by `StoredPhoto.given`.
        unread: an error about each folder or shard that could not be gone through.
        notes: what the user should know, a line each.
    """

    def __init__(self, places: Sequence[str], output: Storage, suffix: str | None, rules: FolderRules) -> None:
        self._places, self._output, self._suffix, self._rules = places, output, suffix, rules
        self.unread: list[PhotochromError] = []
        self.notes: list[str] = []
        self.opened: dict[int, Storage] = {}
        self._last: Storage | None = None

    def photos(self) -> Iterator[StoredPhoto]:
        """Yield the photos; of a store, one folder's names are held at a time.

        Raises:
            PhotoError: if a place that was named is not there, or a folder holds no photos.
            OutputError: if a folder of photos is to be that of the results as well.
        """
        for number, place in enumerate(self._places):
            if not is_url(place):
                path = Path(place).expanduser().absolute()  # other machines work in other folders
                if path.suffix.lower() == ".tar":
                    yield from self._in_shard(Storage(str(path.parent)), path.name)
                else:
                    yield from self._on_disk(path)
                continue
            above, name = split_address(place)
            single = PurePosixPath(name).suffix.lower() in PHOTO_SUFFIXES | {".tar"}
            storage = Storage(above if single else place)
            found = self._named(storage, name) if single else self._in_store(storage)
            if not storage.has_secret:
                yield from found
                continue
            self.opened[number] = storage
            yield from (replace(photo, given=number) for photo in found)

    def place_in_output(self, photo: StoredPhoto) -> str | None:
        """Return the path of a photo's file, or shard, from the folder of results; None if it lies elsewhere."""
        if photo.given is not None:
            return self._output.place_of(self.opened[photo.given], photo.name)
        if self._last is None or self._last.where != photo.place:
            self._last = Storage(photo.place)
        return self._output.place_of(self._last, photo.name)

    def _on_disk(self, path: Path) -> Iterator[StoredPhoto]:
        output = self._output.local("") or Path(self._output.where)
        plan = make_plan([path], output, suffix=self._suffix, empty=True, shards=True, rules=self._rules)
        self.unread += plan.unread
        self.notes += [*plan.notes, *plan.left_out]
        storage = Storage(str(path if path.is_dir() else path.parent))
        if not (plan.items or plan.unread or plan.shards):
            raise PhotoError(path, "holds no photos and no shards (.tar)", "name another folder")
        for item in plan.items:
            try:
                entry = storage.look(item.name)
            except PhotoError as error:
                self.unread.append(error)
                continue
            if entry is None:
                self.unread.append(PhotoError(item.source, "is not there", "check the path"))
                continue
            beside = [str(found.relative_to(item.folder)) for found in files_beside(item.source)]
            stamps = [found.stamp for found in map(storage.look, beside) if found is not None]
            yield _photo(storage, entry, item.result, beside, stamps)
        for shard in plan.shards:
            yield from self._in_shard(storage, shard)

    def _folders(self, storage: Storage) -> Iterator[list[Entry]]:
        """Yield the files of one folder after the other that may be photos, and of no folder of results."""
        inside, results = storage.place_of(self._output), set[str]()

        def without(name: str) -> bool:
            above, _, base = name.rpartition("/")
            if above and base == HIDDEN:
                results.add(above)
            return name == inside or self._leaves_out(name, is_folder=True)

        for here, entries in storage.walk(without):
            above = here.rpartition("/")[0]
            if above in results:
                results.add(here)
            elif here not in results:
                yield [entry for entry in entries if not self._leaves_out(entry.name, is_folder=False)]
            else:
                line = f"{storage.url(here)}: holds the results of another call; left out"
                self.notes += [line] if line not in self.notes else []

    def _named(self, storage: Storage, name: str) -> Iterator[StoredPhoto]:
        if name.lower().endswith(".tar"):
            yield from self._in_shard(storage, name)
            return
        entry = storage.look(name)
        if entry is None:
            raise PhotoError(storage.url(name), "is not there", "check the address")
        yield _photo(storage, entry, self._result(storage.plain(name)))

    def _in_store(self, storage: Storage) -> Iterator[StoredPhoto]:
        shots, found = Shots(), False
        if storage.place_of(self._output) == "":
            raise OutputError(
                storage.where,
                "a photo would be written over itself, or a result taken for a photo the next time",
                "give another folder as --output",
            )
        for kept in self._folders(storage):
            photos = [entry for entry in kept if _suffix(entry) in PHOTO_SUFFIXES]
            sidecars = {entry.name: entry for entry in kept if _suffix(entry) == ".xmp"}
            for entry in shots.choose(photos):
                found = True
                stem = entry.name[: -len(_suffix(entry))]
                beside = [
                    f"{base}{suffix}"
                    for base in (stem, entry.name)
                    for suffix in (".xmp", ".XMP")
                    if f"{base}{suffix}" in sidecars
                ]
                stamps = [sidecars[name].stamp for name in beside]
                yield _photo(storage, entry, self._result(storage.plain(entry.name)), beside, stamps)
            for entry in kept:
                if _suffix(entry) == ".tar":
                    found = True
                    yield from self._in_shard(storage, entry.name)
        self.notes += [f"{storage.where}: {line}" for line in shots.notes()]
        if not found:
            raise PhotoError(storage.where, "holds no photos and no shards (.tar)", "check the address")

    def _leaves_out(self, name: str, *, is_folder: bool) -> bool:
        base = name.rpartition("/")[2]
        return base.startswith(HIDDEN) or self._rules.reason(name, is_folder=is_folder) is not None

    def _in_shard(self, storage: Storage, name: str) -> Iterator[StoredPhoto]:
        """List a shard's photos by its headers alone; its results get a folder of its name."""
        try:
            entry = storage.look(name)
            if entry is None:
                raise PhotoError(storage.url(name), "is not there", "check the address")
            folder, found, left_out = storage.plain(name)[: -len(".tar")], 0, Counter[str]()
            with storage.open(name) as file, tarfile.open(fileobj=file, mode="r:") as tar:
                for member in tar:
                    suffix = PurePosixPath(member.name).suffix.lower()
                    if suffix not in PHOTO_SUFFIXES or member.isdir():
                        continue
                    path = "/".join(part for part in member.name.split("/") if part not in ("", "."))
                    if why := self._reason(member, path):
                        left_out[why] += 1
                        continue
                    found += 1
                    result = self._result(f"{folder}/{path}")
                    yield StoredPhoto(
                        storage.where, name, result, member.size, entry.stamp, member.name, member.offset_data
                    )
            if left_out:
                reasons = ", ".join(f"{why} {count:,}" for why, count in sorted(left_out.items()))
                self.notes.append(f"{storage.url(name)}: {left_out.total():,} left out ({reasons})")
            elif not found:
                self.notes.append(f"{storage.url(name)}: holds no photos")
        except (OSError, tarfile.TarError) as error:
            self.unread.append(
                PhotoError(storage.url(name), f"is no whole shard ({reason_of(error)})", "copy it again")
            )
        except PhotoError as error:
            self.unread.append(error)

    def _reason(self, member: tarfile.TarInfo, path: str) -> str | None:
        """Say why a shard's photo is left out, if it is."""
        if not member.isreg():
            return "link" if member.issym() or member.islnk() else "no file"
        if ".." in path.split("/"):  # its result would lie anywhere
            return "path leads out of the shard"
        above = PurePosixPath(path).parents
        folders = (str(folder) for folder in above if folder.name)
        why = next(filter(None, (self._rules.reason(folder, is_folder=True) for folder in folders)), None)
        return why or self._rules.reason(path, is_folder=False)

    def _result(self, name: str) -> str:
        path = PurePosixPath(name)
        wanted = self._suffix or result_suffix(path.suffix)
        return str(path if path.suffix.lower() == wanted else path.with_suffix(wanted))


def _photo(
    storage: Storage, entry: Entry, result: str, sidecars: Sequence[str] = (), stamps: Sequence[str] = ()
) -> StoredPhoto:
    stamp = " ".join([entry.stamp, *stamps])  # with another sidecar its result is another
    return StoredPhoto(storage.where, entry.name, result, entry.size, stamp, sidecars=tuple(sidecars))


def _suffix(entry: Entry) -> str:
    return PurePosixPath(entry.name).suffix.lower()
