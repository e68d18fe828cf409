"""Shards for a store: each is made on this machine, goes there when it is whole, and leaves this one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from photochrom.data.packing.state import PackingState
from photochrom.io.address import is_url
from photochrom.io.atomic import PARTS
from photochrom.io.storage import Storage

__all__ = ["Destination", "brought_here", "destination"]

STATE = ".packing.sqlite"


class Destination:
    """A folder of this machine, and the store that it is for.

    Args:
        folder: where shards are made.
        store: where they go; None if they stay.
    """

    def __init__(self, folder: Path, store: Storage | None = None) -> None:
        self.folder, self._store = folder, store
        if store is not None and store.look(STATE) is not None:
            store.fetch(STATE, folder / STATE)

    def begin(self, state: PackingState) -> None:
        """Make sure that shards can be written there, and remove what a run that was killed had half written.

        Raises:
            OutputError: if they cannot.
        """
        for part in self.folder.glob(PARTS):  # no other run is at work here
            part.unlink()
        if self._store is not None:
            self._keep(state)

    def shard_is_done(self, name: str, state: PackingState) -> None:
        """Take a whole shard to where it goes, then what is known of it: a run that is killed makes it again.

        Raises:
            OutputError: if it cannot be written there.
        """
        if self._store is not None:
            for suffix in (".jsonl", ".tar"):
                self._store.put(self.folder / f"{name}{suffix}", f"{name}{suffix}")
                (self.folder / f"{name}{suffix}").unlink()
            self._keep(state)

    def finish(self, names: list[str], state: PackingState) -> None:
        """Take what is said of all shards to where it goes."""
        if self._store is not None:
            for name in names:
                self._store.put(self.folder / name, name)
            self._keep(state)

    def _keep(self, state: PackingState) -> None:
        assert self._store is not None
        copy = self.folder / "state-copy.sqlite"
        state.copy_to(copy)
        self._store.put(copy, STATE)


@contextmanager
def destination(output: str | Path) -> Iterator[Destination]:
    """Open where shards go, a path or a URL, for the length of the block."""
    if not is_url(str(output)):
        yield Destination(Path(output))
        return
    with tempfile.TemporaryDirectory(prefix="photochrom-") as folder:
        yield Destination(Path(folder), Storage(str(output)))


@contextmanager
def brought_here(folder: str | Path, names: list[str]) -> Iterator[Path]:
    """Give a folder of this machine that has some files of a folder of shards, for the length of the block.

    Files that are not there stay missing.

    Raises:
        PhotoError: if one cannot be read.
    """
    if not is_url(str(folder)):
        yield Path(folder)
        return
    store = Storage(str(folder))
    with tempfile.TemporaryDirectory(prefix="photochrom-") as scratch:
        for name in names:
            if store.look(name) is not None:
                store.fetch(name, Path(scratch, name))
        yield Path(scratch)
