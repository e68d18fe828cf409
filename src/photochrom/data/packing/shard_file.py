"""One shard while it grows: a .tar by WebDataset's own writer, and beside it a line for each photo."""

from __future__ import annotations

import hashlib
import json
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from photochrom.data.packing.examine import Examined
from photochrom.errors import require_extra
from photochrom.io.atomic import replace_file

__all__ = ["ShardFile", "sha256_of"]

_BLOCK, _RECORD = 512, 10_240  # bytes: what each file in a .tar is filled up to, and what the whole is


class ShardFile:
    """A shard that is whole, with its lines, or not there at all.

    Its photos are named by shard and number, and each has a .json beside it with all that the lines say.

    Args:
        folder: where it goes.
        name: without ``.tar``.

    Attributes:
        photos: how many it holds.
        size: bytes of the whole file, once it is closed.
        sha256: of the whole file, once it is closed.
    """

    def __init__(self, folder: Path, name: str) -> None:
        with require_extra("train", "Packing shards"):
            from webdataset import TarWriter
        self.photos, self.size, self.sha256 = 0, 0, ""
        self._name = name
        self._cleanup = ExitStack()
        # The lines are renamed into place first: a shard that is there has its lines.
        self._tar = self._cleanup.enter_context(replace_file(folder / f"{name}.tar"))
        lines = self._cleanup.enter_context(replace_file(folder / f"{name}.jsonl"))
        self._lines = lines.open("w", encoding="utf-8")
        self._file = self._tar.open("wb")
        self._writer = TarWriter(self._file, user="photochrom", group="photochrom", mtime=0, encoder=False)

    def size_with(self, photo: Examined) -> int:
        """Return how many bytes, at most, the shard will have with one more photo and its .json."""
        text = 1024 + len(photo.source.encode("utf-8", "backslashreplace"))
        room = sum(_BLOCK + -(-size // _BLOCK) * _BLOCK for size in (len(photo.data), text))
        size = int(self._writer.tarstream.offset) + room + 2 * _BLOCK
        return -(-size // _RECORD) * _RECORD

    def add(self, photo: Examined) -> None:
        """Add a photo."""
        key = f"{self._name}-{self.photos:06}"
        said: dict[str, Any] = {
            "source": photo.source.encode("utf-8", "backslashreplace").decode(),
            "license": photo.license,
            "width": photo.width,
            "height": photo.height,
            "bytes": len(photo.data),
            "sha256": photo.sha256,
            "phash": f"{photo.phash & (1 << 64) - 1:016x}",
        }
        text = json.dumps(said, ensure_ascii=False)
        self._writer.write({"__key__": key, photo.suffix: photo.data, "json": text.encode()})
        self._lines.write(json.dumps({"key": key, "format": photo.suffix} | said, ensure_ascii=False) + "\n")
        self.photos += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        self._file.close()
        self._lines.close()
        if kind is None:
            self.size, self.sha256 = self._tar.stat().st_size, sha256_of(self._tar)
        self._cleanup.__exit__(kind, error, trace)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
