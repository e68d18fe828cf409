"""A study's runs as a .tar that can be carried: small, cut into parts, and checked when it is read.

It holds what `runs/` of the study's folder holds, under the same names, and at its end `SHA256SUMS`, as the
program `sha256sum` writes it. A run that has ended is there with its weights and logs alone, an unfinished one
with all that it needs to go on. What is longer than a part goes on in ``FILE.02``, ``FILE.03`` and so on; one
after another they are the .tar.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import tarfile
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from photochrom.errors import CheckpointError, OutputError
from photochrom.io.atomic import replace_file
from photochrom.study.ladder import DIVERGED
from photochrom.training import load_checkpoint
from photochrom.training.checkpoint import compact_checkpoint

__all__ = ["CHECKPOINT", "FILES", "PART", "read_pack", "write_pack"]

PART = 15 << 20
"""Bytes in a part: less than 16 MB, which most ways of carrying files take."""

CHECKPOINT = "checkpoint.safetensors"

FILES = (CHECKPOINT, "log.jsonl", "recipe.yaml", "skipped.log", DIVERGED)
"""What is carried of a run's folder, in the order in which it has to be put into another one: see `merge`."""

_SUMS = "SHA256SUMS"
_MEMBER = re.compile(r"runs/(\w[\w.+-]*)/([\w.]+)", re.ASCII)
_AT_ONCE = 1 << 20  # bytes


def write_pack(runs: Path, file: Path) -> list[Path]:
    """Write the runs of a study as a pack; a study that goes on meanwhile does not hinder.

    Args:
        runs: the folder that holds a folder for each run.
        file: of the first part; those of an older pack are replaced.

    Returns:
        The parts. Only when all are written do they take their names.

    Raises:
        CheckpointError: if there is no run yet, or one is damaged.
        OutputError: if a part cannot be written.
    """
    folders = sorted(path.parent for path in runs.glob("*/*") if path.name in (CHECKPOINT, DIVERGED))
    if not folders:
        raise CheckpointError(runs, "holds no run to pack yet", "leave --pack out until it does")
    sums = ""
    try:
        with _Parts(file) as parts, tarfile.open(fileobj=parts, mode="w|") as tar:  # type: ignore[call-overload]
            for folder, name in itertools.product(dict.fromkeys(folders), FILES):
                if (folder / name).exists():
                    content, member = _carried(folder, name), f"runs/{folder.name}/{name}"
                    sums += f"{hashlib.sha256(content).hexdigest()}  {member}\n"
                    _add(tar, member, content)
            _add(tar, _SUMS, sums.encode())
        for number in itertools.count(len(parts.paths) + 1):  # of an older, larger pack
            if not _part(file, number).exists():
                return parts.paths
            _part(file, number).unlink()
    except OSError as error:
        raise OutputError(file, f"cannot be written ({error.strerror})", "choose another --pack") from error
    raise AssertionError


def read_pack(file: Path, into: Path) -> list[str]:
    """Read a pack's runs into a folder that holds nothing yet.

    Args:
        file: the first part; the others lie beside it.
        into: the folder, which gets a folder for each run. What lies there is to be thrown away after an error.

    Returns:
        The runs' names.

    Raises:
        CheckpointError: if the pack is missing, damaged or not whole, or holds what no study writes.
        OutputError: if the folder cannot be written.
    """
    if not file.is_file():
        raise CheckpointError(file, "there is no such pack", "give the first part of one that --pack wrote")
    found: dict[str, str] = {}
    sums = b""
    try:
        with _Joined(file) as joined, tarfile.open(fileobj=joined, mode="r|") as tar:  # type: ignore[call-overload]
            for member in tar:
                stream = tar.extractfile(member) if member.isreg() and not member.issparse() else None
                parts = _MEMBER.fullmatch(member.name)
                if stream is not None and member.name == _SUMS and not sums:
                    sums = stream.read()
                elif stream is None or parts is None or parts[2] not in FILES or member.name in found:
                    raise CheckpointError(
                        file,
                        f"holds {member.name!r}, which is no part of a study",
                        "nothing was unpacked; use another pack",
                    )
                else:
                    found[member.name] = _unpack(stream, into / parts[1] / parts[2])
    except (tarfile.TarError, EOFError, ValueError, OSError) as error:
        raise CheckpointError(file, f"is damaged or no pack of a study ({error})", _COPY_AGAIN) from error
    if sums != "".join(f"{digest}  {name}\n" for name, digest in found.items()).encode():
        raise CheckpointError(file, "is damaged, or not all of its parts lie beside it", _COPY_AGAIN)
    return list(dict.fromkeys(name.split("/")[1] for name in found))


_COPY_AGAIN = "copy it again with all of its parts. Nothing was unpacked"


def _carried(folder: Path, name: str) -> bytes:
    content = (folder / name).read_bytes()
    if name == CHECKPOINT:
        checkpoint = load_checkpoint(folder)
        if checkpoint.finished or (folder / DIVERGED).exists():
            return compact_checkpoint(checkpoint)
    return content


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)  # without times and owners: the same runs give the same file
    member.size = len(content)
    tar.addfile(member, BytesIO(content))


def _unpack(stream: object, target: Path) -> str:
    digest = hashlib.sha256()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            while chunk := stream.read(_AT_ONCE):  # type: ignore[attr-defined]
                digest.update(chunk)
                file.write(chunk)
    except OSError as error:
        raise OutputError(target, f"cannot be written ({error.strerror})", "choose another --output") from error
    return digest.hexdigest()


def _part(file: Path, number: int) -> Path:
    return file if number == 1 else file.with_name(f"{file.name}.{number:02d}")


class _Parts:
    """Writes one stream into files of `PART` bytes, which appear together when the block ends well."""

    def __init__(self, file: Path) -> None:
        self.paths: list[Path] = []
        self._file, self._room = file, 0
        self._open = ExitStack()
        self._part: BinaryIO

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)  # the first part last: before, there is no pack to be found

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        while view:
            if not self._room:
                self.paths.append(_part(self._file, len(self.paths) + 1))
                self._part = self._open.enter_context(
                    self._open.enter_context(replace_file(self.paths[-1])).open("wb")
                )
                self._room = PART
            written = self._part.write(view[: self._room])
            self._room -= written
            view = view[written:]
        return len(data)


class _Joined:
    """Reads the parts of a pack as one stream."""

    def __init__(self, file: Path) -> None:
        self._file, self._number = file, 1
        self._part = file.open("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._part.close()

    def read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self._part.read(size - len(data))
            if piece:
                data += piece
                continue
            following = _part(self._file, self._number + 1)
            if not following.is_file():
                break
            self._part.close()
            self._part, self._number = following.open("rb"), self._number + 1
        return data
