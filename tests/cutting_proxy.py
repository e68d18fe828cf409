"""A line that breaks: a proxy that cuts a connection after some bytes, on the way there or back."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from urllib.parse import urlsplit

from server_checks import wait_until

__all__ = ["CuttingProxy"]

_HEADS = 2_000  # bytes that the heads of a connection's requests may have


class CuttingProxy:
    """Passes connections on, and cuts the first ones.

    Args:
        url: of the service behind it.
        cuts: after how many bytes from the client each of the first connections is cut; the later ones are whole.
        taken: says how many bytes of bodies the service has taken. A cut waits for it: what lies in a buffer when
            a line breaks is lost, and how much that is depends on how busy the machine is.

    Attributes:
        url: of the proxy.
        passed: bytes that clients sent and the service got, all connections together.
        left: cuts that are still to come.
        passed_back: bytes that the service sent and clients got.
        left_back: cuts on the way back that are still to come, after so many bytes of a connection.
    """

    def __init__(self, url: str, *cuts: int, taken: Callable[[], float] = lambda: float("inf")) -> None:
        address = urlsplit(url)
        self._target = (address.hostname, address.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.left = list(cuts)
        self._taken = taken
        self.passed = self.passed_back = 0
        self.left_back: list[int] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> CuttingProxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        service = socket.create_connection(self._target)
        threading.Thread(target=self._back, args=(service, client), daemon=True).start()
        sent, before = 0, self._taken()
        with contextlib.suppress(OSError), client, service:
            while data := client.recv(1 << 14):
                # Small requests, such as the one that asks where an upload stands, are let through.
                if self.left and sent + len(data) >= self.left[0]:
                    data = data[: self.left.pop(0) - sent]
                    service.sendall(data)
                    self.passed += len(data)
                    self._wait(before + sent + len(data) - _HEADS)
                    for end in (client, service):
                        end.shutdown(socket.SHUT_RDWR)
                    return
                service.sendall(data)
                self.passed += len(data)
                sent += len(data)

    def _wait(self, size: float) -> None:
        wait_until(lambda: self._taken() >= size)

    def _back(self, service: socket.socket, client: socket.socket) -> None:
        sent = 0
        with contextlib.suppress(OSError):
            while data := service.recv(1 << 14):
                cut = bool(self.left_back) and sent + len(data) >= self.left_back[0]
                if cut:
                    data = data[: max(0, self.left_back.pop(0) - sent)]
                client.sendall(data)
                self.passed_back += len(data)
                sent += len(data)
                if cut:
                    for end in (client, service):
                        end.shutdown(socket.SHUT_RDWR)
                    return
            client.shutdown(socket.SHUT_WR)
