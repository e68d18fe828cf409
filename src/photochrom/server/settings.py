"""What a service is started with, and the limits that it keeps to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from photochrom.errors import SettingError
from photochrom.inference.onnx_session import Device
from photochrom.threads import usable_cores

__all__ = ["Settings", "read_tokens", "share_cores"]

_FEW = 4  # cores to a worker, beyond which one photo gains little by more


@dataclass(frozen=True)
class Settings:
    """How a service runs.

    Attributes:
        host: address to listen on.
        port: likewise; 0 for any that is free.
        root_path: below which it is reached, such as ``"/photos"``; empty for the root of its host.
        allowed_hosts: names, besides the loopback's own, by which a service on the loopback may be called.
        networks: networks as `Network` takes them, the default first.
        device: where they run.
        workers: processes that colorize.
        threads: processors for each of them.
        tokens: SHA-256 of each token that opens the service; none for a service open to whoever reaches it.
        spool: folder to make the private folder of uploads in, or None for the system's temporary one.
        upload_bytes: of the largest photo's file.
        pixels: of the largest photo.
        keep_seconds: how long a photo is kept after its last use.
        photos: how many are kept at most.
        queue: how many requests may wait for a worker.
        request_seconds: how long a request may wait and be worked on.
        spool_bytes: of all files of uploads and results together.
        idle_seconds: how long the next bytes of an upload may take.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    root_path: str = ""
    allowed_hosts: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    device: Device = "auto"
    workers: int = 1
    threads: int = 1
    tokens: tuple[bytes, ...] = field(default=(), repr=False)
    spool: Path | None = None
    upload_bytes: int = 256 << 20
    pixels: int = 250_000_000
    keep_seconds: float = 3600.0
    photos: int = 1000
    queue: int = 64
    request_seconds: float = 120.0
    spool_bytes: int = 4 << 30
    idle_seconds: float = 15.0


def share_cores(workers: int | None = None, threads: int | None = None) -> tuple[int, int]:
    """Choose numbers of workers and of threads for each that fit the cores, as far as they are not given.

    Two workers at least where there are two cores, so that a large photo does not hold up a preview.
    """
    cores = usable_cores()
    if workers is None:
        workers = max(1, cores // threads) if threads else max(min(cores, 2), cores // _FEW)
    return workers, threads or max(1, cores // workers)


def read_tokens(path: Path) -> tuple[bytes, ...]:
    """Read the tokens of a file, one a line; empty lines and those that begin with ``#`` do not count.

    Returns:
        The SHA-256 of each, so that comparing them takes as long whatever their lengths.

    Raises:
        SettingError: if it cannot be read, holds none, or one that is too short to be safe.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise SettingError(path, f"cannot be read as tokens ({reason})", "check the path") from error
    tokens = [line for line in lines if line and not line.startswith("#")]
    if not tokens:
        raise SettingError(path, "holds no token", "write one a line, such as  openssl rand -hex 32  gives")
    for token in tokens:
        if len(token) < 16 or not token.isascii() or not token.isprintable() or " " in token:
            raise SettingError(
                path,
                "holds a token of less than 16 letters, or with others than ASCII",
                "make one with  openssl rand -hex 32",
            )
    return tuple(hashlib.sha256(token.encode()).digest() for token in tokens)
