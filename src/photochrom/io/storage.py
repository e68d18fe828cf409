"""Storage: one folder of a disk, an object store or a server, by fsspec, whatever its address."""

from __future__ import annotations

import os
import re
import secrets
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import unquote

from photochrom.errors import OutputError, PhotochromError, PhotoError, reason_of, require_extra

__all__ = ["Entry", "Storage", "is_part", "is_url"]

T = TypeVar("T")

_WHOLE_OR_NOT = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "memory"}
"""What shows a file once all of it is there; elsewhere a file gets its name when it is whole."""

_STAMPS = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "last_modified", "created")
_PAUSES = (0.5, 2.0)  # seconds before what failed is tried again


def is_url(text: str) -> bool:
    """Tell a URL from a path: it starts with a scheme and two slashes."""
    return re.match(r"[a-z][a-z0-9+.-]+://", text, re.IGNORECASE) is not None


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
        where: such as ``album``, ``s3://bucket/album`` or ``sftp://host/album``.

    Attributes:
        where: that text.

    Raises:
        OutputError: if there is no such kind of address, or its package is not installed.
    """

    def __init__(self, where: str) -> None:
        with require_extra("scale", "A URL"):
            import fsspec
        self.where = where.rstrip("/") or "/"
        try:
            with _told(where, OutputError, "opened"):
                if is_url(where):
                    self._files, self._root = fsspec.core.url_to_fs(where)
                else:  # as it is: a name may hold what means something in a URL
                    self._files, self._root = fsspec.filesystem("file"), str(Path(where).expanduser().absolute())
        except ImportError as error:
            raise OutputError(where, f"needs a package ({reason_of(error)})", "install it") from error
        self._root = self._root.rstrip("/")
        protocol = self._files.protocol
        self._kinds = {protocol} if isinstance(protocol, str) else set(protocol)
        self.is_local = "file" in self._kinds

    def __reduce__(self) -> tuple[Any, ...]:
        return Storage, (self.where,)

    def url(self, name: str) -> str:
        """Return what to call one of its files."""
        return f"{self.where}/{name}" if name else self.where

    def plain(self, name: str) -> str:
        """Return a file's name as it was meant: web servers quote what a URL may not hold."""
        if self._kinds.isdisjoint({"http", "https"}):
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

        Args:
            without: says of a folder's path whether it is left out, before the files beside it come.

        Raises:
            PhotoError: if it cannot be listed.
        """
        pending = [""]
        while pending:
            here = pending.pop()
            with _told(self.url(here), PhotoError, "listed"):
                found = _again(partial(self._files.ls, self._path(here), detail=True))
                self._files.invalidate_cache()
            files: list[Entry | None] = []
            folders = []
            for info in found:
                name = self._name(info["name"])
                if name == here or not name:
                    continue
                if info["type"] == "directory":
                    folders.append(name)
                else:
                    files.append(_entry(name, info) if info["size"] is not None else self.look(name))
            folders = [name for name in folders if not without(name)]
            yield here, sorted(filter(None, files), key=lambda entry: entry.name)
            pending += sorted(folders, reverse=True)

    def look(self, name: str) -> Entry | None:
        """Return what there is of a file; None if it is not there.

        Raises:
            PhotoError: if that cannot be known.
        """
        with _told(self.url(name), PhotoError, "looked at"):
            try:
                self._files.invalidate_cache()
                info = _again(lambda: self._files.info(self._path(name)), but=FileNotFoundError)
            except FileNotFoundError:
                return None
            return _entry(name, info)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file to be read here and there; what is read is asked for as it is needed.

        Raises:
            PhotoError: if it cannot be read.
        """
        told = _told(self.url(name), PhotoError, "read", but=tarfile.TarError)
        with told, self._files.open(self._path(name), "rb") as file:
            yield file

    def fetch_part(self, name: str, start: int, size: int) -> bytes:
        """Return a stretch of a file's bytes.

        Raises:
            PhotoError: if it cannot be read.
        """
        with _told(self.url(name), PhotoError, "read"):
            return _again(lambda: self._part(self._path(name), start, size))

    def _part(self, path: str, start: int, size: int) -> bytes:
        if not self._kinds.isdisjoint(_WHOLE_OR_NOT | {"http", "https"}):
            return bytes(self._files.cat_file(path, start=start, end=start + size))  # one request
        with self._files.open(path, "rb") as file:
            file.seek(start)
            return bytes(file.read(size))

    def fetch(self, name: str, to: Path) -> None:
        """Copy a file to this machine's disk.

        Raises:
            PhotoError: if it cannot be read.
        """
        with _told(self.url(name), PhotoError, "read"):
            _again(lambda: self._files.get_file(self._path(name), str(to)), but=FileNotFoundError)

    def put(self, file: Path, name: str) -> Entry:
        """Copy a file of this machine's there, whole or not at all.

        Raises:
            OutputError: if it cannot be written.
        """
        with _told(self.url(name), OutputError, "written"):
            path = self._path(name)
            above = path.rpartition("/")[0]
            if not self._kinds & _WHOLE_OR_NOT:
                self._files.makedirs(above, exist_ok=True)
            _again(lambda: self._put(str(file), path))
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
        with _told(self.url(name), OutputError, "removed"), suppress(FileNotFoundError):
            self._files.rm_file(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root or "/"

    def _name(self, path: str) -> str:
        path = path.rstrip("/")
        for root in (self._root, self._root.lstrip("/")):
            if path == root:
                return ""
            if path.startswith(f"{root}/"):
                return path[len(root) + 1 :]
        return path.lstrip("/")


def _entry(name: str, info: dict[str, Any]) -> Entry:
    size = int(info.get("size") or 0)
    stamp = next((_text(info[key]) for key in _STAMPS if info.get(key) is not None), "")
    return Entry(name, size, f"{size} {stamp}".strip())


def _text(value: object) -> str:
    """Write a stamp alike whether a listing or a look at one file gave it."""
    if isinstance(value, datetime):
        value = value.timestamp()
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def _again(act: Callable[[], T], but: type[Exception] | tuple[type[Exception], ...] = ()) -> T:
    """Do something over the network, and once or twice more where the line failed."""
    for pause in _PAUSES:
        try:
            return act()
        except but:
            raise
        except (ConnectionError, TimeoutError):
            time.sleep(pause)
    return act()


@contextmanager
def _told(
    where: str, kind: type[PhotochromError], act: str, but: type[Exception] | tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Make one line of whatever a store's package raises: each has errors of its own."""
    try:
        yield
    except (PhotochromError, ImportError):
        raise
    except but:
        raise
    except FileNotFoundError as error:
        raise kind(where, "is not there", "check the address") from error
    except PermissionError as error:
        raise kind(
            where, f"may not be {act} ({reason_of(error, where)})", "check the credentials and their rights"
        ) from error
    except Exception as error:  # of botocore, aiohttp, asyncssh, and whatever the package uses
        raise kind(
            where,
            f"cannot be {act} ({reason_of(error, where)})",
            "check the address, the credentials and the connection; the same command goes on",
        ) from error
