"""Client: a service that colorizes, as Python sees it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar

import httpx
from pydantic import TypeAdapter

from photochrom.client.http import Http
from photochrom.client.problems import no_service, understood, unreachable
from photochrom.client.upload import Progress, send_file
from photochrom.errors import OutputError, PhotoError, UnreachableError, reason_of
from photochrom.hints import Hint
from photochrom.io.atomic import replace_file
from photochrom.io.formats import MEDIA_TYPES
from photochrom.options import Options
from photochrom.result_notes import Note

__all__ = ["Client", "Progress", "RemotePhoto"]

T = TypeVar("T")

_TRIES = 5
_LARGEST_MAP = 1 << 30  # bytes
_LONGEST_QUERY = 6000  # letters; longer addresses are refused on the way
_HINTS = TypeAdapter(tuple[Hint, ...])
_LOCAL = {"keep_times", "sidecars", "max_pixels"}
"""Options about files on this computer."""


@dataclass(frozen=True)
class RemotePhoto:
    """A photo that the service keeps for a while.

    Attributes:
        id: by which the service knows it; whoever knows it may use the photo.
        name: what the service calls it.
        width: of the upright photo, in pixels.
        height: likewise.
        bits: per channel.
        format: such as ``"jpg"``.
        is_grey: whether it has no colours of its own; it may be toned.
        expires_at: when it is gone, unless it is used before.
        notes: what its owner should know, a sentence each.
    """

    id: str
    name: str
    width: int
    height: int
    bits: int
    format: str
    is_grey: bool
    expires_at: datetime
    notes: tuple[str, ...] = ()


_PHOTO = TypeAdapter(RemotePhoto)


class Client:
    """A service. Use it as a context, or `close` it. Several threads may share it.

    Args:
        url: of the service, such as ``"http://127.0.0.1:8000"``, with the path below which it is, if any.
        api_key: one of its tokens, where it asks for one.
        timeout: seconds that an answer may take; a result is waited for as long as its photo takes.
        patience: seconds in which a service that is busy (429, 503) is asked again, when it says that it may be.

    Raises:
        SettingError: if the address is none.
    """

    def __init__(
        self, url: str, *, api_key: str | None = None, timeout: float = 180.0, patience: float = 300.0
    ) -> None:
        self._http = Http(url, api_key, timeout, patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all connections; photos that were not removed stay until their time is over."""
        self._http.close()

    def upload(
        self, photo: str | Path | bytes, *, name: str | None = None, progress: Progress | None = None
    ) -> RemotePhoto:
        """Send a photo to be kept; over a line that breaks, it goes on where it was.

        Args:
            photo: its file, or what that holds.
            name: what the service calls it; None for the file's own name.
            progress: called with the bytes that are through, and with all that there are.

        Raises:
            PhotoError: if it cannot be read, here or there.
            PhotochromError: what else the service says is wrong; `UnreachableError` if it does not answer.
        """
        with _opened(photo) as (file, size):
            shown = name or ("photo" if isinstance(photo, bytes) else Path(photo).name)
            address = send_file(self._http, file, size, shown, progress)
        return self._photo(address)

    def get(self, photo_id: str) -> RemotePhoto:
        """Return what a kept photo is.

        Raises:
            PhotochromError: as `upload`; it may be gone.
        """
        return self._photo(f"v1/photos/{photo_id}")

    def colorize(
        self,
        photo: RemotePhoto,
        target: str | Path,
        options: Options | None = None,
        *,
        network: str | None = None,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> list[Note]:
        """Get the photo in colour; over a line that breaks, it goes on where it was.

        Args:
            photo: as `upload` returned it.
            target: file of the result; the suffix says its format.
            options: how; those about files have no effect.
            network: which one, or None for the service's default.
            overwrite: replace a file that is already there.
            progress: called with the bytes that came, and with all that there are.

        Returns:
            What the user should know.

        Raises:
            OutputError: if the file cannot be written; nothing half-written stays.
            PhotochromError: as `upload`.
        """
        target = Path(target)
        asked = {**_json(options, network), "format": _format(target)}
        media_type = MEDIA_TYPES.get(f".{asked['format']}", "image/")
        address = f"v1/photos/{photo.id}/colorize"
        headers = self._download(address, asked, target, overwrite, progress, media_type=media_type)
        with understood(self._http.base):
            told = json.loads(headers.get("Photochrom-Note-Parts", "[]"))
            return [
                Note(str(target) if part["about"] == "result" else photo.name, str(part["text"])) for part in told
            ]

    def download(
        self, photo: RemotePhoto, target: str | Path, *, long_edge: int | None = None, overwrite: bool = False
    ) -> str:
        """Get the photo as it was before, upright: a JPEG, or where it has transparency, WebP or PNG.

        Args:
            photo: as `upload` returned it.
            target: file to write.
            long_edge: pixels that its longer side may have at most, or None for its own size.
            overwrite: replace a file that is already there.

        Returns:
            The media type of what was written.

        Raises:
            OutputError: as `colorize`.
            PhotochromError: as `upload`.
        """
        asked = {} if long_edge is None else {"long_edge": long_edge}
        headers = self._download(f"v1/photos/{photo.id}/original", asked, Path(target), overwrite)
        return headers["Content-Type"]

    def confidence(
        self,
        photo: RemotePhoto,
        target: str | Path,
        options: Options | None = None,
        *,
        network: str | None = None,
        long_edge: int | None = None,
        overwrite: bool = False,
    ) -> None:
        """Get a grey map, as a PNG file, of how sure the network is; white is sure.

        Raises:
            OutputError: as `colorize`.
            PhotochromError: as `upload`.
        """
        asked = {"options": _json(options, network), "long_edge": long_edge}
        address = f"v1/photos/{photo.id}/confidence"
        response = self._http.ask("POST", address, most=_LARGEST_MAP, json=asked)
        self._check_type(response.headers, MEDIA_TYPES[".png"])
        with _written(Path(target), overwrite) as file:
            file.write(response.content)

    def alternatives(
        self,
        photo: RemotePhoto,
        n: int,
        options: Options | None = None,
        *,
        network: str | None = None,
        seed: int = 0,
    ) -> list[Options]:
        """Find `n` clearly different ways to colorize the photo, as options; the first is by `options` alone.

        Raises:
            PhotochromError: as `upload`.
        """
        asked = {"n": n, "seed": seed, "options": _json(options, network)}
        address = f"v1/photos/{photo.id}/alternatives"
        sets = self._ask("POST", address, lambda told: [_hints(each) for each in told["alternatives"]], json=asked)
        return [(options or Options()).model_copy(update={"hints": hints}) for hints in sets]

    def suggest(
        self, photo: RemotePhoto, n: int, options: Options | None = None, *, network: str | None = None
    ) -> list[Hint]:
        """Find the `n` places where a hint would help most.

        Raises:
            PhotochromError: as `upload`.
        """
        asked = {"n": n, "options": _json(options, network)}
        return list(self._ask("POST", f"v1/photos/{photo.id}/suggestions", _hints, json=asked))

    def remove(self, photo: RemotePhoto) -> None:
        """Have the service remove a photo now.

        Raises:
            PhotochromError: as `upload`; it may be gone already.
        """
        self._http.ask("DELETE", f"v1/photos/{photo.id}")

    def networks(self) -> list[dict[str, Any]]:
        """Return what each network says about itself, the default's first.

        Raises:
            PhotochromError: as `upload`.
        """
        return self._ask("GET", "v1/networks", lambda told: [dict(each) for each in told["networks"]])

    def limits(self) -> dict[str, Any]:
        """Return what the service takes, and how long it keeps photos.

        Raises:
            PhotochromError: as `upload`.
        """
        return self._ask("GET", "v1/limits", lambda told: dict(told))

    def _photo(self, address: str) -> RemotePhoto:
        return self._ask("GET", address, _PHOTO.validate_python)

    def _ask(self, method: str, address: str, read: Callable[[Any], T], **given: Any) -> T:
        """Ask for JSON, and return what `read` makes of it."""
        response = self._http.ask(method, address, **given)
        with understood(self._http.base):
            return read(response.json())

    def _check_type(self, headers: httpx.Headers, media_type: str) -> None:
        """Make sure that what comes is what goes into the file.

        Raises:
            UnreachableError: if it is something else, such as the page of a proxy.
        """
        kind, encoding = headers.get("Content-Type", "nothing"), headers.get("Content-Encoding", "identity")
        if not kind.startswith(media_type) or encoding != "identity":
            told = kind if encoding == "identity" else f"{kind} packed by {encoding}"
            raise no_service(self._http.base, f"answers with {told} in place of {media_type}")

    def _download(
        self,
        address: str,
        asked: dict[str, Any],
        target: Path,
        overwrite: bool,
        progress: Progress | None = None,
        *,
        media_type: str = "image/",
    ) -> httpx.Headers:
        """Write a result to a file, and return the headers of its answer."""
        query = {name: json.dumps(each) if isinstance(each, list) else each for name, each in asked.items()}
        fits = len(str(httpx.QueryParams(query))) < _LONGEST_QUERY
        given: dict[str, Any] = {"params": query} if fits else {"json": asked}
        headers, tries = httpx.Headers(), 0
        with _written(target, overwrite) as file:
            while True:
                have = file.tell()
                sent = {"Accept-Encoding": "identity"}
                if have and "ETag" in headers:
                    sent |= {"Range": f"bytes={have}-", "If-Range": headers["ETag"]}
                with self._http.stream("GET" if fits else "POST", address, headers=sent, **given) as response:
                    headers = response.headers
                    self._check_type(headers, media_type)
                    if response.status_code != 206:  # all of it, again
                        file.seek(0)
                        file.truncate()
                    with understood(self._http.base):
                        start = f"bytes {file.tell()}-"
                        if not headers.get("Content-Range", start).startswith(start):
                            raise ValueError(headers["Content-Range"])
                        size = file.tell() + int(headers["Content-Length"])
                    try:
                        for piece in response.iter_raw():
                            file.write(piece)
                            if progress is not None:
                                progress(file.tell(), size)
                        return headers
                    except httpx.TransportError as error:
                        tries = 1 if fits and file.tell() > have else tries + 1
                        if tries >= _TRIES:
                            raise unreachable(self._http.base, error) from error
                        if not fits:  # what is posted for comes as a whole
                            file.seek(0)


def _json(options: Options | None, network: str | None) -> dict[str, Any]:
    """Return options as the service takes them, of which the defaults are left out."""
    told = (options or Options()).model_dump(mode="json", exclude_defaults=True, exclude=_LOCAL)
    return told if network is None else {**told, "network": network}


def _hints(told: dict[str, Any]) -> tuple[Hint, ...]:
    return _HINTS.validate_python(told["hints"])


def _format(target: Path) -> str:
    from photochrom.io.formats import kind_of

    return kind_of(target.suffix.lower()).removeprefix(".")


@contextmanager
def _opened(photo: str | Path | bytes) -> Iterator[tuple[BinaryIO, int]]:
    if isinstance(photo, bytes):
        yield BytesIO(photo), len(photo)
        return
    with ExitStack() as stack:
        try:
            file = stack.enter_context(Path(photo).open("rb"))
        except (OSError, ValueError) as error:
            problem = f"cannot be opened ({reason_of(error, photo)})"
            raise PhotoError(photo, problem, "check its name and its permissions") from error
        yield file, file.seek(0, 2) - file.seek(0)


@contextmanager
def _written(target: Path, overwrite: bool) -> Iterator[BinaryIO]:
    """Give a file that becomes the target when the block ends well.

    Raises:
        OutputError: if it cannot be written.
    """
    from photochrom.io.writer import check_target

    check_target(target, overwrite=overwrite)
    try:
        with replace_file(target) as temporary, temporary.open("wb") as file:
            yield file
    except UnreachableError:
        raise
    except OSError as error:
        problem = f"cannot be written ({reason_of(error, target)})"
        raise OutputError(target, problem, "check the folder and its disk") from error
