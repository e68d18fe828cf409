"""Requests to a service: its key, its address, and patience where it asks for that."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from photochrom import __version__
from photochrom.client.problems import error_of, no_service, unreachable
from photochrom.errors import PhotochromError, SettingError, UnreachableError

__all__ = ["Http"]

_AGAIN = (429, 503)
_LONGEST_WAIT = 60.0  # seconds that are waited at once, whatever the service says
_MOST = 1 << 26  # bytes that an answer is read whole of
_PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds between tries over a line that breaks


class Http:
    """Asks a service, and asks again where it is busy or the line breaks.

    Args:
        url: of the service.
        api_key: one of its tokens, or None.
        timeout: seconds that an answer may take.
        patience: seconds in which a service that is busy is asked again.

    Raises:
        SettingError: if the address is none.
    """

    def __init__(self, url: str, api_key: str | None, timeout: float, patience: float) -> None:
        headers = {"User-Agent": f"photochrom/{__version__}"}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        try:
            self.base = httpx.URL(url.rstrip("/") + "/")
            if self.base.scheme not in ("http", "https") or not self.base.host:
                raise ValueError
            times = httpx.Timeout(timeout, connect=min(timeout, 10.0), pool=None)
            self._client = httpx.Client(base_url=self.base, headers=headers, timeout=times)
        except (ValueError, httpx.InvalidURL) as error:
            raise SettingError(url, "is no address of a service", "write it as http://127.0.0.1:8000") from error
        self._patience = patience

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    def ask(
        self,
        method: str,
        address: str,
        *,
        wait: bool = True,
        again: bool = True,
        most: int | None = None,
        **given: Any,
    ) -> httpx.Response:
        """Send a request, and return its answer.

        Args:
            method: of HTTP.
            address: below that of the service, or as the service gave it.
            wait: whether to ask again, after a while, where the service is busy.
            again: whether to ask again where the line broke; only where it does no harm to be asked twice.
            most: bytes that the answer may have.
            given: as `httpx.Client.request` takes.

        Raises:
            PhotochromError: what the service says is wrong; `UnreachableError` if it does not answer.
        """
        with self.stream(method, address, wait=wait, again=again, **given) as response:
            return self._read(response, most or _MOST)

    @contextmanager
    def stream(
        self, method: str, address: str, *, wait: bool = True, again: bool = True, **given: Any
    ) -> Iterator[httpx.Response]:
        """Send a request, and give its answer, whose body is still to be read; else as `ask`."""
        end, tries = time.monotonic() + self._patience, list(_PAUSES)
        while True:
            request = self._client.build_request(method, self._url(address), **given)
            try:
                response = self._client.send(request, stream=True)
            except httpx.TransportError as error:
                if not (again and tries):
                    raise unreachable(self.base, error) from error
                time.sleep(tries.pop(0))
                continue
            try:
                if response.is_success:
                    yield response
                    return
                refusal = self._refusal(response)
            finally:
                response.close()
            pause = retry_after(response.headers)
            if not wait or response.status_code not in _AGAIN or time.monotonic() + pause > end:
                raise refusal
            time.sleep(pause)

    def _refusal(self, response: httpx.Response) -> PhotochromError:
        try:
            return error_of(self._read(response, _MOST))
        except UnreachableError as error:
            return error

    def _read(self, response: httpx.Response, most: int) -> httpx.Response:
        """Read an answer whole, that must not fill the memory.

        Raises:
            UnreachableError: if it breaks off, is unreadable, or has more than `most` bytes.
        """
        content = bytearray()
        try:
            for piece in response.iter_bytes():
                content += piece
                if len(content) > most:
                    raise no_service(self.base, f"answers with more than {most:,} bytes")
        except httpx.RequestError as error:
            raise unreachable(self.base, error) from error
        read = httpx.Response(response.status_code, content=bytes(content), request=response.request)
        read.headers = response.headers
        return read

    def _url(self, address: str) -> httpx.URL:
        """Complete an address, which the service itself gives with its prefix; only its own get photo and key.

        Raises:
            UnreachableError: if it is another service's.
        """
        url = self.base.join(address)
        if (url.scheme, url.host, url.port) != (self.base.scheme, self.base.host, self.base.port):
            raise no_service(self.base, f"wants the photo to be sent to another address, {url}")
        return url


def retry_after(headers: Mapping[str, str]) -> float:
    """Read how many seconds a service asks to wait, and a little more, lest all come back at once."""
    try:
        seconds = float(headers.get("Retry-After", ""))
        if math.isnan(seconds):
            raise ValueError
    except ValueError:  # a date, or nothing
        seconds = 5.0
    return min(max(seconds, 0.0), _LONGEST_WAIT) + random.uniform(0, 0.5)
