"""What tests of folders over a cluster share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from photochrom.batch.plan import make_plan
from photochrom.batch.run import Batch, Result
from photochrom.io.storage import Storage
from photochrom.options import Options
from photochrom.workers.engine import EngineSetup

Colorize = Callable[..., list[Result]]


def upload(folder: Path, url: str) -> None:
    """Put the files of a folder into a store."""
    storage = Storage(url)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            storage.put(path, path.relative_to(folder).as_posix())


def contents(where: str, scratch: Path) -> dict[str, bytes]:
    """All files below a folder anywhere but the ledger."""
    storage, found = Storage(where), {}
    for _, entries in storage.walk(lambda name: name.startswith(".photochrom")):
        for entry in entries:
            storage.fetch(entry.name, scratch / "one")
            found[entry.name] = (scratch / "one").read_bytes()
    return found


def locally(folder: Path, output: Path, setup: EngineSetup) -> dict[str, bytes]:
    """What the worker pool of one machine makes of a folder."""
    with Batch(output, setup, Options()) as batch:
        assert {result.state for result in batch.run(make_plan([folder], output).items)} == {"done"}
    return contents(str(output), output.parent)
