"""Running a service: from its first worker to its last answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from photochrom.errors import SettingError
from photochrom.server.app import make_app
from photochrom.server.http_protocol import Protocol
from photochrom.server.service import Service
from photochrom.server.settings import Settings
from photochrom.stopping import SIGNALS, SecondSignal

__all__ = ["serve"]

_LAST = 15.0  # seconds, beyond what a job may take, in which clients may still send a photo or take a result
_KEEP_ALIVE = 75  # seconds; longer than a proxy keeps its own connections


def serve(settings: Settings) -> int:
    """Serve until a signal ends it.

    Returns:
        0, when everything under way was answered; 128 and its number after a second signal.

    Raises:
        NetworkError: if a network cannot be opened.
        SettingError: if the address is taken, or there is no place for uploads.
        WorkerError: if no process can be started.
    """
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(message)s", level=logging.INFO)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    listener = _listen(settings)
    try:
        return asyncio.run(_serve(settings, listener))
    finally:
        listener.close()


async def _serve(settings: Settings, listener: socket.socket) -> int:
    service = Service(settings)
    try:
        await service.start()
        server = _server(make_app(service))
        _end_on_signals(service, server)
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        print(f"photochrom: serving at http://{shown}:{port}/ (Ctrl-C ends it)", flush=True)
        await server.serve(sockets=[listener])
    finally:
        await service.close()
    return 0


class _Server(uvicorn.Server):
    """A server that leaves signals to others."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: ASGIApp) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=5,
        )
    )


def _end_on_signals(service: Service, server: _Server) -> None:
    """Drain on the first signal, and end at once on a second."""
    loop = asyncio.get_running_loop()
    draining: list[asyncio.Task[None]] = []
    is_second = SecondSignal()

    async def drain() -> None:
        end = loop.time() + service.settings.request_seconds + _LAST
        while service.metrics.in_flight and loop.time() < end:
            await asyncio.sleep(0.05)
        server.should_exit = True

    def end(number: int) -> None:
        again = is_second()
        if not draining:
            service.draining = True
            print("photochrom: ending when everything under way is answered", file=sys.stderr, flush=True)
            draining.append(asyncio.ensure_future(drain()))
        elif again:
            service.spool.close()
            os._exit(128 + number)  # the workers end with their pipes

    for number in SIGNALS:
        loop.add_signal_handler(number, end, number)


def _listen(settings: Settings) -> socket.socket:
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=512)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise SettingError(
            where, f"cannot be listened on ({error.strerror})", "give another --port or --host"
        ) from error
    listener.setblocking(False)
    return listener
