"""Published networks on this computer: pulled once into the cache folder, converted, then used by their name.

In the cache folder `networks/NAME/` holds a network that is ready, whole or not there at all: it is made under
another name and then renamed. `downloads/NAME/` holds what has come of the authors' file; a file that a user put
there is taken as if it had come. A lock keeps two processes from pulling one network at a time.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from photochrom.cache_folder import cache_folder
from photochrom.errors import DownloadError, NetworkError, UnknownNetworkError, reason_of
from photochrom.inference.catalogue import local_networks
from photochrom.inference.published.convert import convert
from photochrom.inference.published.download import Progress, download, file_sha256
from photochrom.inference.published.registry import PUBLISHED, PublishedNetwork
from photochrom.io.address import without_secrets

__all__ = ["download_place", "network_folder", "pull", "pulled_networks", "remove", "weights_urls"]

_HUGGING_FACE = "https://huggingface.co"
_SPARE = 100_000_000  # bytes that stay free on the disk
_ELSEWHERE = "make room, or name another folder with PHOTOCHROM_HOME"


def pulled_networks() -> dict[str, Path]:
    """Map the names of the published networks that were pulled to their files, sorted by name."""
    return {name: path for name in sorted(PUBLISHED) if (path := _network_path(name)).is_file()}


def network_folder(name: str) -> Path:
    """Return the folder of a published network, pulled or not."""
    return cache_folder("networks") / name


def download_place(network: PublishedNetwork) -> Path:
    """Return where the authors' file is downloaded to, or may be put by hand."""
    return cache_folder("downloads") / network.name / network.file_name


def weights_urls(network: PublishedNetwork) -> tuple[str, ...]:
    """Return the addresses that the authors' file is asked from, the preferred one first.

    With `PHOTOCHROM_MIRROR` that is only `MIRROR/NAME/FILE`. `HF_ENDPOINT` stands for huggingface.co, as in
    Hugging Face's own tools.
    """
    mirror = os.environ.get("PHOTOCHROM_MIRROR", "").rstrip("/")
    if mirror:
        return (f"{mirror}/{network.name}/{network.file_name}",)
    hub = os.environ.get("HF_ENDPOINT", "").rstrip("/") or _HUGGING_FACE
    return tuple(
        hub + url.removeprefix(_HUGGING_FACE) if url.startswith(f"{_HUGGING_FACE}/") else url
        for url in network.urls
    )


def pull(
    name: str,
    *,
    source: str | Path | None = None,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> Path:
    """Make a published network ready for use, unless it is; one that comes with photochrom always is.

    Args:
        name: of the network.
        source: the authors' file, where it is on this computer already; None to download it.
        progress: called as bytes come.
        say: called with a line for each step that takes long.

    Returns:
        The network's file.

    Raises:
        UnknownNetworkError: if no published network has that name.
        DownloadError: if the file cannot be fetched, is another than the authors', or there is no room for it.
        NetworkError: if the file cannot be converted.
    """
    here = local_networks()
    if name in here:  # before any lock: what is ready may lie where nothing can be written
        return here[name]
    network, say = _published(name), say or (lambda line: None)
    with _folder_errors(), _locked(name, say):
        path = _network_path(name)
        if path.is_file():
            return path
        _remove_leftovers(name)
        weights = _given(network, Path(source)) if source is not None else _fetched(network, progress, say)
        say(f"making a network file of {weights.name}")
        _convert(network, weights, path)
        shutil.rmtree(download_place(network).parent, ignore_errors=True)
    return path


def remove(name: str) -> int:
    """Delete a pulled network, and what was downloaded of it.

    Returns:
        How many bytes that freed.

    Raises:
        UnknownNetworkError: if no published network has that name, or nothing of it is here.
        NetworkError: if it cannot be deleted.
    """
    network = _published(name)
    folder, downloads = network_folder(name), download_place(network).parent
    freed = sum(path.stat().st_size for each in (folder, downloads) for path in each.rglob("*") if path.is_file())
    if not freed:
        raise UnknownNetworkError(name, "is not on this computer", "photochrom networks  lists those that are")
    try:
        with _locked(name, lambda line: None):
            _remove_leftovers(name)
            if folder.exists():
                # Renamed first: a network is whole or not there, however this ends.
                gone = _work_folder(name)
                folder.replace(gone)
                shutil.rmtree(gone)
            shutil.rmtree(downloads, ignore_errors=True)
    except OSError as error:
        raise NetworkError(
            folder,
            f"cannot be deleted ({reason_of(error, folder)})",
            "end the programs that use it, or check its permissions",
        ) from error
    return freed


def _published(name: str) -> PublishedNetwork:
    if name not in PUBLISHED:
        near = get_close_matches(name, PUBLISHED, n=1)
        remedy = f"did you mean {near[0]}?" if near else f"use one of {', '.join(PUBLISHED)}"
        raise UnknownNetworkError(name, "no published network has that name", remedy)
    return PUBLISHED[name]


def _network_path(name: str) -> Path:
    return network_folder(name) / f"{name}.onnx"


def _given(network: PublishedNetwork, file: Path) -> Path:
    """Make sure that a file is the authors' own."""
    if file.is_dir():
        raise DownloadError(
            file, "is a folder", f"give the file in it, which its authors call {network.file_name}"
        )
    if not file.is_file():
        raise DownloadError(file, "there is no such file", "check the path")
    _check_room(network, network.size)
    try:
        size, found = file.stat().st_size, file_sha256(file)
    except OSError as error:
        raise DownloadError(file, f"cannot be read ({reason_of(error, file)})", "check its permissions") from error
    if found != network.sha256:
        about = "" if network.size_is_exact else "about "
        raise DownloadError(
            file,
            f"is not the authors' file of {network.name} (it has {size:,} bytes, theirs {about}{network.size:,}; "
            f"its SHA-256 is {found}, not {network.sha256})",
            f"fetch it again from {network.urls[0]}",
        )
    return file


def _fetched(network: PublishedNetwork, progress: Progress | None, say: Callable[[str], None]) -> Path:
    place = download_place(network)
    if place.is_file():  # put there by hand, or whole before a conversion failed
        say(f"using {place}")
        return _given(network, place)
    part = place.with_name(f"{place.name}.part")
    _check_room(network, 2 * network.size - (part.stat().st_size if part.exists() else 0))
    place.parent.mkdir(parents=True, exist_ok=True)
    urls = weights_urls(network)
    try:
        download(urls, place, sha256=network.sha256, size=network.size, progress=progress)
    except DownloadError as error:
        if error.subject is not None:  # the disk, not the connection
            raise
        remedy = (
            f"{error.remedy}; or fetch {without_secrets(urls[0])} by other means and give it with  "
            f"photochrom networks pull {network.name} --from FILE  or put it at {place}"
        )
        raise DownloadError(network.name, error.problem, remedy) from error
    return place


def _convert(network: PublishedNetwork, weights: Path, path: Path) -> None:
    """Make the network's folder, by way of another that is renamed when it is whole."""
    work = _work_folder(network.name)
    work.mkdir(parents=True)
    try:
        convert(weights, network.name, work / path.name)
        for made in work.iterdir():
            with made.open("rb+") as file:
                os.fsync(file.fileno())
        work.replace(path.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _work_folder(name: str) -> Path:
    folder = network_folder(name)
    return folder.with_name(f".{name}-{secrets.token_hex(6)}")


def _remove_leftovers(name: str) -> None:
    """Remove what a process that was killed left half-made; called by who holds the lock."""
    for left in network_folder(name).parent.glob(f".{name}-{'[0-9a-f]' * 12}"):
        shutil.rmtree(left, ignore_errors=True)


def _check_room(network: PublishedNetwork, needed: int) -> None:
    folder = cache_folder("networks")
    there = next(each for each in (folder, *folder.parents) if each.is_dir())
    free = shutil.disk_usage(there).free
    if free < needed + _SPARE:
        raise DownloadError(
            folder,
            f"has {free / 1e9:.1f} GB free, and pulling {network.name} takes {(needed + _SPARE) / 1e9:.1f} GB",
            _ELSEWHERE,
        )


@contextmanager
def _locked(name: str, say: Callable[[str], None]) -> Iterator[None]:
    from filelock import FileLock, Timeout

    folder = cache_folder("networks")
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f".{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"another photochrom is at work on {name}; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _folder_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        folder = cache_folder("networks").parent
        raise DownloadError(folder, f"cannot be written ({reason_of(error, folder)})", _ELSEWHERE) from error
