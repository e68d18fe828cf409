"""The sign of life: a file that keeps two calls out of one folder of results, since a store has no locks.

Two calls that begin at the very same moment are not kept apart.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

from photochrom.batch.search import HIDDEN
from photochrom.errors import OutputError, PhotochromError
from photochrom.io.storage import Storage

__all__ = ["SignOfLife"]

_NAME = f"{HIDDEN}/running.json"
_BEAT = 20.0  # seconds between two signs
_DEAD = 90.0  # seconds without one after which a call is dead


class SignOfLife:
    """Says in a folder of results, again and again, that a call is at work there.

    Args:
        output: the folder.
        token: what tells this call from any other.
        scratch: a folder of this machine's for files on their way.

    Raises:
        OutputError: if another call is at work there, or the folder cannot be written to.
    """

    def __init__(self, output: Storage, token: str, scratch: Path) -> None:
        self._output, self._token, self._scratch = output, token, scratch
        other = self._other()
        if other is not None:
            raise OutputError(
                output.where,
                f"another photochrom is writing there ({other})",
                f"wait for it; if it was killed, for {_DEAD:.0f} s",
            )
        try:
            self._beat()
        except OutputError as error:
            raise error.about(output.where) from error
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._live, name="photochrom-sign-of-life", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Let other calls in."""
        self._ended.set()
        self._thread.join()  # or it might say so once more after the file is gone
        with suppress(PhotochromError):
            if self._other() is None:
                self._output.remove(_NAME)

    def _other(self) -> str | None:
        """Return who else is at work there."""
        if self._output.look(_NAME) is None:
            return None
        local = self._scratch / "running.json"
        try:
            self._output.fetch(_NAME, local)
            said = json.loads(local.read_text(encoding="utf-8"))
        except (PhotochromError, ValueError):  # it ended meanwhile
            return None
        if said.get("call") == self._token or time.time() - float(said.get("time", 0)) > _DEAD:
            return None
        return f"process {said.get('process')} on {said.get('machine')}"

    def _live(self) -> None:
        while not self._ended.wait(_BEAT):
            with suppress(PhotochromError):
                self._beat()

    def _beat(self) -> None:
        local = self._scratch / "alive.json"
        said = {"call": self._token, "time": time.time(), "machine": socket.gethostname(), "process": os.getpid()}
        local.write_text(json.dumps(said), encoding="utf-8")
        self._output.put(local, _NAME)
