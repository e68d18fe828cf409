"""Sending a photo over a line that may break: the tus protocol, of which the service knows version 1.0."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO

import httpx

from photochrom.client.http import Http
from photochrom.client.problems import understood
from photochrom.errors import PhotochromError, UnreachableError
from photochrom.server.request_errors import TooSlowError, UploadStateError

__all__ = ["Progress", "send_file"]

Progress = Callable[[int, int], object]
"""Called with the bytes that are through, and with all that there are."""

_TUS = {"Tus-Resumable": "1.0.0"}
_BYTES = {**_TUS, "Content-Type": "application/offset+octet-stream"}
_PIECE = 1 << 17
_AT_ONCE = 1 << 20  # bytes of a photo that goes with the first request
_TRIES = 6  # without a byte that came through


def send_file(http: Http, file: BinaryIO, size: int, name: str, progress: Progress | None = None) -> str:
    """Send a photo, and go on where a line breaks.

    Args:
        http: the service.
        file: open at its beginning.
        size: of it in bytes.
        name: what the service calls it.
        progress: hears how far it is.

    Returns:
        The photo's address.

    Raises:
        PhotochromError: if the photo is refused; `UnreachableError` if the line breaks too often.
    """
    said = f"filename {base64.b64encode(name.encode()).decode()}"
    begin = {**_TUS, "Upload-Length": str(size), "Upload-Metadata": said}
    if size <= _AT_ONCE:
        content = file.read()
        response = http.ask("POST", "v1/photos", headers={**begin, **_BYTES}, content=content)
        if progress is not None:
            progress(size, size)
        return _location(http, response)
    address = _location(http, http.ask("POST", "v1/photos", headers=begin))
    offset, tries = 0, 0
    while offset < size:
        before = offset
        try:
            body = _pieces(file, offset, size, progress)
            headers = {**_BYTES, "Upload-Offset": str(offset), "Content-Length": str(size - offset)}
            http.ask("PATCH", address, headers=headers, content=body, wait=False, again=False)
            offset = size
        except (UnreachableError, TooSlowError, UploadStateError) as error:
            offset = _offset(http, address, size)
            tries = 0 if offset > before else tries + 1
            if tries == _TRIES:
                raise error
        except PhotochromError as error:
            if error.code not in ("queue-full", "service-full", "service-unavailable", "out-of-memory"):
                raise
            # What came is kept, but for a last byte that is asked for again.
            offset = _offset(http, address, size)
            tries = 0 if offset > before + 1 else tries + 1
            if tries == _TRIES:
                raise
            time.sleep(2.0**tries)
    return address


def _location(http: Http, response: httpx.Response) -> str:
    with understood(http.base):
        return response.headers["Location"]


def _offset(http: Http, address: str, size: int) -> int:
    """Ask how far an upload is; why it was refused, the answer to HEAD cannot say."""
    try:
        response = http.ask("HEAD", address, headers=_TUS)
    except UnreachableError as error:
        if not isinstance(error.__cause__, httpx.TransportError):
            http.ask("PATCH", address, headers={**_BYTES, "Upload-Offset": "0"}, content=b"", wait=False)
        raise
    with understood(http.base):
        offset = int(response.headers["Upload-Offset"])
        if not 0 <= offset <= size:
            raise ValueError(offset)
        return offset


def _pieces(file: BinaryIO, offset: int, size: int, progress: Progress | None) -> Iterator[bytes]:
    file.seek(offset)
    while piece := file.read(_PIECE):
        yield piece
        offset += len(piece)
        if progress is not None:
            progress(offset, size)
