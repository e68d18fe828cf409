"""HTTP on a connection, where uvicorn's own falls short."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from photochrom.server.errors import MEDIA_TYPE, error_document
from photochrom.server.request_errors import RequestError

__all__ = ["Protocol"]

_SECONDS = 15.0  # that the head of a request may take, from the connection's beginning or its own
_LINGER = 5.0  # seconds in which a client may still send what nobody reads, to have read the answer


class Protocol(H11Protocol):
    """Cuts connections whose requests begin too slowly, and answers nonsense with a problem document."""

    _head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for a first request."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Go on with the request, or wait for the rest of its head."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """End soon where the client is still sending: closed at once, it would not read why it should stop."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        super().connection_lost(exc)
        self._unwatch()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        content = error_document(
            400, RequestError(None, "This is no HTTP request that can be read", "use another client")
        )
        body = json.dumps(content).encode()
        headers = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body))), ("Connection", "close")]
        for event in (h11.Response(status_code=400, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _watch(self) -> None:
        between = self.cycle is None or self.cycle.response_complete
        if not between or self.transport.is_closing():
            self._unwatch()
        elif self._head is None:
            seconds = _LINGER if self.conn.their_state is h11.SEND_BODY else _SECONDS
            self._head = self.loop.call_later(seconds, self.transport.close)

    def _unwatch(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None
