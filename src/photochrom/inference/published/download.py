"""Downloads of large files whose SHA-256 is known: resumed where they broke off, and checked before they count.

`requests` does the transfer, so proxies and their logins (`HTTPS_PROXY`, `.netrc`), and certificates of an
organization's own (`REQUESTS_CA_BUNDLE`), are given as to any program that uses it.

Libraries that fetch files would lose what a broken line had brought: pooch 1.9 has each try write a temporary file
from the first byte on; huggingface_hub 2.4, which fetches from its own hub alone, deletes what came when a call
fails. Given a downloader of ours, pooch would compare the SHA-256 and rename, five lines here, and lose a finished
file where the process is killed meanwhile.
"""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from photochrom.errors import DownloadError, reason_of
from photochrom.io.address import without_secrets

if TYPE_CHECKING:
    from requests import Response, Session

__all__ = ["Progress", "download", "file_sha256"]

Progress = Callable[[int, int], None]
"""Called with how many bytes are here, and of how many."""

_CHUNK = 1 << 14  # bytes; where a connection breaks, so many are lost at most
_TIMEOUT = (15.0, 30.0)  # seconds: to connect, and for the next bytes to come
_TRIES = 5  # in a row that bring nothing, before an address is given up
_FIRST_TRIES = 2  # the same where no server has answered yet: then this computer is rather offline
_PAUSE = 1.0  # seconds before the second try; twice as long before each further one
_BUSY = {408, 425, 429, 500, 502, 503, 504}  # statuses of a server that may do better in a moment


class _RefusedError(Exception):
    """An address will not give the file, however often it is asked; the text says why."""


def download(
    urls: Sequence[str], target: Path, *, sha256: str, size: int, progress: Progress | None = None
) -> None:
    """Fetch a file from the first address that has it.

    What has come is kept beside the target, as `NAME.part`, also where the process is killed, and the next call
    goes on behind it. Nothing is called by the target's name before its SHA-256 is right.

    Args:
        urls: addresses of the same file, the preferred one first.
        target: where it goes; its folder must be there.
        sha256: what it must have, in hexadecimal digits.
        size: how many bytes it has, roughly.
        progress: called as bytes come.

    Raises:
        DownloadError: if no address gives the file, or the disk is full; what has come stays.
    """
    import requests

    from photochrom import __version__

    part = target.with_name(f"{target.name}.part")
    reasons = []
    with requests.Session() as session:
        # A file that were compressed on its way could not be gone on with at a byte.
        session.headers.update({"User-Agent": f"photochrom/{__version__}", "Accept-Encoding": "identity"})
        for url in urls:
            try:
                _fetch_checked(session, url, part, sha256, size, progress or (lambda here, of: None))
            except _RefusedError as refusal:
                reasons.append(without_secrets(f"{url}: {refusal}"))
            except OSError as error:
                full = error.errno == errno.ENOSPC
                raise DownloadError(
                    part,
                    "the disk is full" if full else f"cannot be written ({reason_of(error, part)})",
                    "make room, or name another folder with PHOTOCHROM_HOME; the same command goes on",
                ) from error
            else:
                part.replace(target)
                return
    raise DownloadError(
        None, f"cannot be fetched ({'; '.join(reasons)})", "check the connection; the same command goes on"
    )


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch_checked(session: Session, url: str, part: Path, sha256: str, size: int, progress: Progress) -> None:
    """Fetch a file, and once more from its first byte where what was here before turns out to be of another."""
    resumed = part.exists()
    _fetch(session, url, part, size, progress)
    found = file_sha256(part)
    if found == sha256:
        return
    part.unlink()
    if resumed:
        _fetch_checked(session, url, part, sha256, size, progress)
        return
    raise _RefusedError(f"what came is another file (its SHA-256 is {found}, not {sha256})")


def _fetch(session: Session, url: str, part: Path, size: int, progress: Progress) -> None:
    """Fetch the rest of a file, as often as the connection breaks, as long as there is any way forward."""
    import requests

    failures, answered = 0, False
    while True:
        before = _length(part)
        try:
            if _receive(session, url, part, size, progress):
                return
            reason, answered = "the connection broke", True
        except requests.exceptions.SSLError as error:
            raise _RefusedError(
                "its certificate is not trusted; where a network has a certificate authority of its own, "
                "REQUESTS_CA_BUNDLE names its file"
            ) from error
        except requests.exceptions.ProxyError:
            reason = "the proxy does not answer, or wants another login (HTTPS_PROXY)"
        except requests.exceptions.TooManyRedirects as error:
            raise _RefusedError("it is redirected in a circle") from error
        except requests.exceptions.HTTPError as error:
            answer = error.response
            assert answer is not None  # for the server's status is what raised it
            status = answer.status_code
            reason, answered = f"the server answers {status} {answer.reason}", True
            if status not in _BUSY:
                raise _RefusedError(reason) from error
        except (
            requests.exceptions.ConnectionError,
            requests.exceptions.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ):
            reason = "the connection broke" if _length(part) > before else "the server does not answer"
        except requests.exceptions.RequestException as error:  # no address at all, or an answer that is none
            raise _RefusedError(reason_of(error)) from error
        came = _length(part) > before
        failures, answered = (1 if came else failures + 1), answered or came
        if failures >= (_TRIES if answered else _FIRST_TRIES):
            raise _RefusedError(reason)
        sleep(_PAUSE * 2 ** (failures - 1))


def _receive(session: Session, url: str, part: Path, size: int, progress: Progress) -> bool:
    """Ask for what is missing, and add it to what is here; return whether that is all.

    Raises:
        RequestException: if the server does not answer, or the connection breaks.
        _RefusedError: if what comes cannot be the file.
    """
    here = _length(part)
    asked = {"Range": f"bytes={here}-"} if here else {}
    with session.get(url, headers=asked, stream=True, timeout=_TIMEOUT) as answer:
        if here and answer.status_code == 416:  # nothing lies behind what is here
            return True  # its SHA-256 says whether it is the file
        answer.raise_for_status()
        start = _start(answer)
        if start not in (0, here):
            raise _RefusedError("it answers with another part of the file than was asked for")
        length = answer.headers.get("Content-Length", "")
        total = start + int(length) if length.isdecimal() else None
        if total is not None and not size / 2 <= total <= size * 2:
            # As where a network's login page, or an error's, comes in place of the file.
            raise _RefusedError(f"what it sends has {total:,} bytes, not about {size:,}")
        with part.open("r+b" if start else "wb") as file:
            file.seek(start)
            progress(start, total or size)
            for chunk in answer.iter_content(_CHUNK):
                file.write(chunk)
                progress(file.tell(), total or size)
                if file.tell() > size * 2:
                    raise _RefusedError(f"what it sends has more than {size * 2:,} bytes")
            return total is None or file.tell() == total


def _start(answer: Response) -> int:
    """Return the first byte that an answer brings: a server may send the whole in place of a part."""
    if answer.status_code != 206:
        return 0
    found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return int(found[1]) if found else -1


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
