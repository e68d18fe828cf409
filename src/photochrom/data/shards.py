"""The index of a local WebDataset shard: where in the .tar each photo's bytes lie.

webdataset's own reader streams a shard from its start, and shuffles by a buffer; a training could not be resumed
in exactly the order in which it was broken off. Photos are small beside a shard and the shard is a local file, so
its index is read once and every photo is then one seek and one read away, in any order and from any process.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from photochrom.errors import DataError, reason_of
from photochrom.io.formats import PHOTO_SUFFIXES

__all__ = ["Member", "index_shard"]

_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


class Member(NamedTuple):
    """One photo of a shard: its WebDataset key, and the stretch of bytes it fills."""

    key: str
    offset: int
    length: int


def index_shard(path: Path, *, name: str | None = None) -> list[Member]:
    """List the photos of a shard, in the shard's order.

    The shard follows the WebDataset convention: a sample's key is the member's name up to the first dot of its
    base name, and its photo is the member with a photo's suffix. Other members (.json, .txt, .cls) and hidden
    ones are ignored.

    Args:
        path: an uncompressed .tar on this machine.
        name: what to call it in an error; the path if None.

    Returns:
        Key, offset in bytes and length in bytes of each photo. Empty if the shard has none.

    Raises:
        DataError: if the file is missing, unreadable, compressed, no .tar or cut short, or if one key holds two
            photos.
    """
    label = name or str(path)
    photos: dict[str, tuple[str, Member]] = {}
    for member in _members(path, label):
        parent, base = PurePosixPath(member.key).parent, PurePosixPath(member.key).name
        stem, _, suffixes = base.partition(".")
        if not stem or f".{suffixes.rpartition('.')[2].lower()}" not in PHOTO_SUFFIXES:
            continue
        key = (parent / stem).as_posix()
        if key in photos:
            raise DataError(
                label,
                f"the key {key} holds two photos, {photos[key][0]} and {member.key}",
                "a key ends at the first dot of a name, so give each photo a name of its own before that dot",
            )
        photos[key] = (member.key, Member(key, member.offset, member.length))
    return [member for _, member in photos.values()]


def _members(path: Path, label: str) -> Iterator[Member]:
    """Yield name, offset and length of every file in a .tar, and prove that the archive is whole."""
    try:
        with path.open("rb") as file:
            start = file.read(tarfile.BLOCKSIZE)
            for magic, kind in _COMPRESSED.items():
                if start.startswith(magic):
                    raise DataError(
                        label,
                        f"is a {kind}-compressed archive, in which no photo can be reached alone",
                        "unpack it to a plain .tar (photos are compressed already)",
                    )
            if len(start) < tarfile.BLOCKSIZE:
                raise DataError(label, f"is cut short ({len(start)} bytes)", "copy or download it again")
            file.seek(0)
            yield from _walk(file, label)
    except OSError as error:
        raise DataError(label, f"cannot be read ({reason_of(error, path)})", "check the path") from error


def _walk(file: object, label: str) -> Iterator[Member]:
    try:
        tar = tarfile.open(fileobj=file, mode="r:")  # type: ignore[call-overload]  # noqa: SIM115
    except (tarfile.TarError, ValueError) as error:
        raise DataError(
            label, f"is no .tar archive ({reason_of(error)})", "name a shard or a folder of photos"
        ) from error
    stretches: dict[str, tuple[int, int]] = {}
    try:
        for member in tar:
            if member.issparse() and PurePosixPath(member.name).suffix.lower() in PHOTO_SUFFIXES:
                raise DataError(label, f"{member.name} is stored with holes (tar -S)", "pack it again without")
            if member.isreg():
                stretches[member.name] = (member.offset_data, member.size)
            elif not (member.islnk() and member.linkname in stretches):
                continue
            # A hard link has no data of its own: it stands for a file earlier in the archive.
            offset, size = stretches[member.linkname if member.islnk() else member.name]
            yield Member(member.name, offset, size)
        # tarfile takes any unreadable header after the first for the end of the archive. Only a block of zeros
        # is the end; anything else, or nothing, means that photos are missing.
        tar.fileobj.seek(tar.offset)
        if tar.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("its end mark is missing")
        while padding := tar.fileobj.read(1 << 20):
            if padding.strip(b"\0"):
                raise DataError(
                    label, "goes on after its end mark", "unpack archives that were joined, or copy it again"
                )
    except (tarfile.TarError, ValueError, OverflowError) as error:
        raise DataError(
            label, f"is cut short or damaged ({reason_of(error)})", "copy or download it again"
        ) from error
