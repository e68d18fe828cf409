"""Storage: one folder of a disk, an object store or a server, by fsspec, whatever its address."""

from __future__ import annotations

import os
import re
import secrets
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

from photochrom.errors import OutputError, PhotoError, reason_of, require_extra
from photochrom.io.address import is_url, split_query, without_secrets
from photochrom.io.storage_errors import again, told

__all__ = ["Entry", "Storage", "is_part"]

_WHOLE_OR_NOT = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "memory"}
"""What shows a file once all of it is there; elsewhere a file gets its name when it is whole."""

_STAMPS = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "last_modified", "created")
_WEB = {"http", "https"}


def is_part(name: str) -> bool:
    """Say whether a file is one that was on its way when its call was killed."""
    return re.search(r"\.[0-9a-f]{8}\.photochrom-part$", name) is not None


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a storage.

    Attributes:
        name: its path from the storage's folder, with ``/``.
        size: in bytes.
        stamp: a text that changes with its content: the store's own tag, or when it was changed last.
    """

    name: str
    size: int
    stamp: str


class Storage:
    """A folder by its path or URL.

    Args:
        where: such as ``album``, ``s3://bucket/album`` or ``sftp://host/album``. The query of a web address is put
            behind each file's name.

    Attributes:
        where: that text, without the password or the query: it may be shown and kept.
        has_secret: whether it has lost any.

    Raises:
        OutputError: if there is no such kind of address, or its package is not installed.
    """

    def __init__(self, where: str) -> None:
        with require_extra("scale", "A URL"):
            import fsspec
        self._address = where
        self.where = (without_secrets(where) if is_url(where) else where).rstrip("/") or "/"
        self.has_secret = self.where != (where.rstrip("/") or "/")
        place, self._query = split_query(where)
        try:
            with told(self.where, OutputError, "opened"):
                if is_url(where):
                    self._files, self._root = fsspec.core.url_to_fs(place, **_options(place))
                else:  # as it is: a name may hold what means something in a URL
                    self._files, self._root = fsspec.filesystem("file"), str(Path(where).expanduser().absolute())
        except ImportError as error:
            raise OutputError(self.where, f"needs a package ({reason_of(error)})", "install it") from error
        self._root = self._root.rstrip("/")
        protocol = self._files.protocol
        self._kinds = {protocol} if isinstance(protocol, str) else set(protocol)
        self.is_local = "file" in self._kinds

    def __reduce__(self) -> tuple[Any, ...]:
        return Storage, (self._address,)

    def url(self, name: str) -> str:
        """Return what to call one of its files."""
        return f"{self.where}/{name}" if name else self.where

    def plain(self, name: str) -> str:
        """Return a file's name as it was meant: web servers quote what a URL may not hold."""
        if self._kinds.isdisjoint(_WEB):
            return name
        parts = ((part, unquote(part)) for part in name.split("/"))
        return "/".join(part if "/" in meant or meant in (".", "..") else meant for part, meant in parts)

    def local(self, name: str) -> Path | None:
        """Return a file's path, where it is one of this machine's."""
        return Path(self._path(name)) if self.is_local else None

    def place_of(self, other: Storage, name: str = "") -> str | None:
        """Return where a file of another storage lies in this one; empty for its folder, None if it does not."""
        if self._files != other._files:
            return None
        root, path = self._path(""), other._path(name)
        if self.is_local:
            root, path = os.path.realpath(root), os.path.realpath(path)
        if path == root:
            return ""
        above = f"{root.rstrip('/')}/"
        return path[len(above) :] if path.startswith(above) else None

    def walk(self, without: Callable[[str], bool]) -> Iterator[tuple[str, list[Entry]]]:
        """Go through its folders, each with its files by name; one folder is held at a time.

        Links are followed. One that leads back ends there on a disk; elsewhere none is followed within another.

        Args:
            without: says of a folder's path whether it is left out, before the files beside it come.

        Raises:
            PhotoError: if it cannot be listed.
        """
        start = [self._behind("")] if self.is_local else []
        pending: list[tuple[str, tuple[str, ...]]] = [("", tuple(start))]
        while pending:
            here, links = pending.pop()
            with told(self.url(here), PhotoError, "listed"):
                found = again(partial(self._files.ls, self._path(here), detail=True))
                self._files.invalidate_cache()
            files: list[Entry | None] = []
            folders = []
            for info in found:
                name, way = self._name(info["name"]), links
                if name == here or not name:
                    continue
                if info["type"] == "link" or info.get("islink"):
                    info, way = self._info(name), (*links, self._behind(name))
                    if info is None or (info["type"] == "directory" and way[-1] in links):
                        continue
                if info["type"] == "directory":
                    folders.append((name, way))
                else:
                    files.append(_entry(name, info) if info["size"] is not None else self.look(name))
            folders = [(name, way) for name, way in folders if not without(name)]
            yield here, sorted(filter(None, files), key=lambda entry: entry.name)
            pending += sorted(folders, reverse=True)

    def _behind(self, name: str) -> str:
        """Return where links lead, which a disk alone tells."""
        return os.path.realpath(self._path(name)) if self.is_local else ""

    def look(self, name: str) -> Entry | None:
        """Return what there is of a file; None if it is not there.

        Raises:
            PhotoError: if that cannot be known.
        """
        info = self._info(name)
        return None if info is None else _entry(name, info)

    def _info(self, name: str) -> dict[str, Any] | None:
        with told(self.url(name), PhotoError, "looked at"):
            try:
                self._files.invalidate_cache()
                info: dict[str, Any] = again(lambda: self._files.info(self._path(name)), but=FileNotFoundError)
            except FileNotFoundError:
                return None
            return info

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file to be read here and there; what is read is asked for as it is needed.

        Raises:
            PhotoError: if it cannot be read.
        """
        reading = told(self.url(name), PhotoError, "read", but=tarfile.TarError)
        with reading, self._files.open(self._path(name), "rb") as file:
            yield file

    def fetch_part(self, name: str, start: int, size: int) -> bytes:
        """Return a stretch of a file's bytes.

        Raises:
            PhotoError: if it cannot be read.
        """
        with told(self.url(name), PhotoError, "read"):
            return again(lambda: self._part(self._path(name), start, size))

    def _part(self, path: str, start: int, size: int) -> bytes:
        if not self._kinds.isdisjoint(_WHOLE_OR_NOT | _WEB):
            return bytes(self._files.cat_file(path, start=start, end=start + size))  # one request
        with self._files.open(path, "rb") as file:
            file.seek(start)
            return bytes(file.read(size))

    def fetch(self, name: str, to: Path) -> None:
        """Copy a file to this machine's disk.

        Raises:
            PhotoError: if it cannot be read.
        """
        with told(self.url(name), PhotoError, "read"):
            again(lambda: self._files.get_file(self._path(name), str(to)), but=FileNotFoundError)

    def put(self, file: Path, name: str) -> Entry:
        """Copy a file of this machine's there, whole or not at all.

        Raises:
            OutputError: if it cannot be written.
        """
        with told(self.url(name), OutputError, "written"):
            path = self._path(name)
            above = path.rpartition("/")[0]
            if not self._kinds & _WHOLE_OR_NOT:
                self._files.makedirs(above, exist_ok=True)
            again(lambda: self._put(str(file), path))
            self._files.invalidate_cache()
            return _entry(name, self._files.info(path))

    def _put(self, file: str, path: str) -> None:
        if self._kinds & _WHOLE_OR_NOT:
            self._files.put_file(file, path)
            return
        part = f"{path}.{secrets.token_hex(4)}.photochrom-part"
        try:
            self._files.put_file(file, part)
            if self.is_local:
                Path(part).replace(path)
            else:  # few servers put one file over another
                with suppress(FileNotFoundError):
                    self._files.rm_file(path)
                self._files.mv(part, path)
        except BaseException:
            with suppress(Exception):
                self._files.rm_file(part)
            raise

    def remove(self, name: str) -> None:
        """Remove a file, if it is there.

        Raises:
            OutputError: if it cannot be removed.
        """
        with told(self.url(name), OutputError, "removed"), suppress(FileNotFoundError):
            self._files.rm_file(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}{self._query}" if name else (self._root or "/") + self._query

    def _name(self, path: str) -> str:
        path = path.rstrip("/")
        for root in (self._root, self._root.lstrip("/")):
            if path == root:
                return ""
            if path.startswith(f"{root}/"):
                return path[len(root) + 1 :]
        return path.lstrip("/")


def _options(url: str) -> dict[str, Any]:
    """Have sshfs check the key of a host as ssh does; by itself it trusts any."""
    import fsspec

    of_ssh = fsspec.get_filesystem_class(url.partition("://")[0]).__module__.startswith("sshfs")
    return {"known_hosts": ()} if of_ssh else {}


def _entry(name: str, info: dict[str, Any]) -> Entry:
    size = int(info.get("size") or 0)
    stamp = next((_text(info[key]) for key in _STAMPS if info.get(key) is not None), "")
    return Entry(name, size, f"{size} {stamp}".strip())


def _text(value: object) -> str:
    """Write a stamp alike whether a listing or a look at one file gave it."""
    if isinstance(value, datetime):
        value = value.timestamp()
    return f"{value:.6f}" if isinstance(value, float) else str(value)
