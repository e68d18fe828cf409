"""What runs on each machine: an actor of Ray's that holds the network, and makes unit after unit of photos."""

from __future__ import annotations

import json
import tarfile
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from photochrom.batch.cluster.node_disk import blamed, node_disk
from photochrom.batch.cluster.outcomes import Outcome, failed, outcome_of
from photochrom.batch.cluster.sources import StoredPhoto
from photochrom.batch.jobs import RecordedRender, RecordedResult
from photochrom.errors import OutputError, PhotochromError, PhotoError
from photochrom.inference.catalogue import Merge
from photochrom.io.storage import Storage
from photochrom.options import Options
from photochrom.result_notes import Note
from photochrom.workers.engine import EngineSetup
from photochrom.workers.pool import Pool

__all__ = ["Tries", "UnitSetup", "Worker"]

_TRIES = 3
_AT_ONCE = 3  # photos: one is read, one is made, one is written
_PAUSE = 5.0  # seconds after a full disk, or this machine would fail at once what others could make


@dataclass(frozen=True)
class UnitSetup:
    """What an actor needs to know.

    Attributes:
        engine: the network, and where it runs.
        networks: its networks, by the names of those that come with photochrom, or of files of `network_files`.
        network_files: files of networks by name, as references of Ray's: the other machines need not have them.
        options: for all results.
        output: folder of the results.
        opened: places whose addresses hold a secret, by `StoredPhoto.given`: the plan, which is kept, has none.
        skip_colored: make nothing of a photo that has colours already.
        to_shards: write a unit's results into one shard.
    """

    engine: EngineSetup
    networks: tuple[str | Merge, ...]
    network_files: dict[str, Any]
    options: Options
    output: Storage
    opened: dict[int, Storage]
    skip_colored: bool = False
    to_shards: bool = False


class Tries:
    """Counts what was begun without coming to an end; an actor that outlives the others.

    A unit is made several photos at a time. One that is begun again ended its worker: then its photos are made one
    by one, so that the one that does it is known.
    """

    def __init__(self) -> None:
        self._units: set[str] = set()
        self._photos: dict[str, int] = {}

    def begin_unit(self, unit: str) -> bool:
        """Take note that a unit is begun; say whether it was before."""
        before = unit in self._units
        self._units.add(unit)
        return before

    def end_unit(self, unit: str) -> None:
        """Take note that a unit came to an end."""
        self._units.discard(unit)

    def begin(self, result: str) -> int:
        """Take note that a photo is begun by itself; return how often it was."""
        self._photos[result] = self._photos.get(result, 0) + 1
        return self._photos[result]

    def end(self, result: str) -> None:
        """Take note that it came to an end, be it a good one or not."""
        self._photos.pop(result, None)


class Worker:
    """Makes units of photos.

    The network runs in a process of the actor's own, as it does for folders of one machine: a photo that ends it
    is given up by the pool, and the actor goes on. A photo that ends the actor itself is given up by `Tries`.

    Args:
        setup: as above.
        tries: handle of the actor that counts.
    """

    def __init__(self, setup: UnitSetup, tries: Any) -> None:
        import ray

        self._setup, self._tries, self._output = setup, tries, setup.output
        self._places: dict[str, Storage] = {}
        self._fault: OutputError | None = None
        self._is_full = False
        try:
            with node_disk(tempfile.gettempdir()):
                self._scratch = tempfile.TemporaryDirectory(prefix="photochrom-")
                self._folder = Path(self._scratch.name)
                for name, content in setup.network_files.items():
                    path = self._folder / name
                    path.parent.mkdir(exist_ok=True)
                    path.write_bytes(ray.get(content))
        except OutputError as error:
            self._fault = error  # each photo that comes here says so
            return
        networks = tuple(map(self._network, setup.networks))
        self._pool = Pool(replace(setup.engine, networks=networks), workers=1)

    def _network(self, network: str | Merge) -> str:
        """Return what a network is called on this machine."""
        if isinstance(network, Merge):
            first, second = self._network(network.first), self._network(network.second)
            return str(replace(network, first=first, second=second))
        return str(self._folder / network) if network in self._setup.network_files else network

    def __call__(self, batch: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Make units; yield the outcomes of each as JSON."""
        for unit, text in zip(batch["unit"], batch["photos"], strict=True):
            photos = [StoredPhoto(**row | {"sidecars": tuple(row["sidecars"])}) for row in json.loads(text)]
            try:
                outcomes = self._make_unit(str(unit), photos)
            except OutputError as error:
                outcomes, self._is_full = [outcome_of(photo, **failed(error)) for photo in photos], True
            if self._is_full:
                time.sleep(_PAUSE)
                self._is_full = False
            yield {"outcomes": [json.dumps(outcomes)]}

    def _make_unit(self, unit: str, photos: list[StoredPhoto]) -> list[Outcome]:
        """Make a unit.

        Raises:
            OutputError: if this machine's disk hinders it.
        """
        import ray

        if self._fault is not None:
            raise self._fault
        alone = ray.get(self._tries.begin_unit.remote(unit))
        with node_disk(self._folder):
            made = tempfile.TemporaryDirectory(dir=self._folder)
        with made as folder:
            scratch = [Path(folder, str(number)) for number in range(len(photos))]
            with ThreadPoolExecutor(1 if alone else _AT_ONCE) as threads:
                outcomes = list(threads.map(partial(self._make, alone=alone), photos, scratch))
            if self._setup.to_shards:
                self._put_shard(unit, outcomes, Path(folder))
        self._tries.end_unit.remote(unit)
        return outcomes

    def _put_shard(self, unit: str, outcomes: list[Outcome], scratch: Path) -> None:
        """Write what a unit's photos became into one shard: it is there with all of them or not at all."""
        done = [(number, each) for number, each in enumerate(outcomes) if each["state"] == "done"]
        if not done:
            return
        name, local = f"colorized-{unit}.tar", scratch / "shard.tar"
        try:
            with node_disk(self._folder), tarfile.open(local, "w", format=tarfile.PAX_FORMAT) as tar:
                for number, outcome in done:
                    for file in sorted((scratch / str(number) / "out").iterdir()):
                        member = tarfile.TarInfo(str(PurePosixPath(outcome["result"]).with_name(file.name)))
                        member.size = file.stat().st_size
                        with file.open("rb") as content:
                            tar.addfile(member, content)
            changes: Outcome = {"file": name, "made": self._output.put(local, name).stamp}
        except OutputError as error:
            changes = failed(error)
        for _, outcome in done:
            outcome.update(changes)

    def _make(self, photo: StoredPhoto, scratch: Path, *, alone: bool) -> Outcome:
        """Make a photo, and unless it is for a shard, put it into its place."""
        import ray

        began = time.perf_counter()
        try:
            # One of its tries was beside others.
            if alone and ray.get(self._tries.begin.remote(photo.result)) >= _TRIES:
                raise PhotoError(
                    photo.source,
                    f"ended the process that worked on it {_TRIES} times (out of memory?)",
                    "see the machine's log; it is set aside until --retry-failed",
                )
            changes = self._made(photo, scratch)
        except PhotochromError as error:
            changes = self._failed(error, photo)
        if alone:
            ray.get(self._tries.end.remote(photo.result))
        return outcome_of(photo, **changes, seconds=time.perf_counter() - began)

    def _made(self, photo: StoredPhoto, scratch: Path) -> Outcome:
        folder, out, put = scratch / "in", scratch / "out", not self._setup.to_shards
        with node_disk(self._folder):
            for each in folder, out:
                each.mkdir(parents=True, exist_ok=True)
        try:
            local = self._fetch(photo, folder)
        except PhotochromError as error:
            return self._failed(error, photo) | {"photo": ""}  # no fault of its own: the next call tries again
        target = out / PurePosixPath(photo.result).name
        job = RecordedRender(
            photo=local,
            name=photo.source,
            options=self._setup.options,
            target=target,
            shown=self._output.url(photo.result),
            skip_colored=self._setup.skip_colored,
        )
        result = self._pool.submit(job).result()
        assert isinstance(result, RecordedResult)
        if result.made is None:
            return {"state": "colored"}
        warnings, beside = list(map(str, result.notes)), []
        # Before the result, so that one that is there has all that belongs to it. A shard takes them as they are.
        for sidecar in result.beside if put else ():
            place = str(PurePosixPath(photo.result).with_name(sidecar.name))
            if place in photo.taken:
                warnings.append(str(Note(self._output.url(place), "is there and not photochrom's; left alone")))
            else:
                beside.append((place, self._output.put(sidecar, place).stamp))
        made = self._output.put(target, photo.result).stamp if put else ""
        return {"made": made, "warnings": json.dumps(warnings, ensure_ascii=False), "beside": beside}

    def _failed(self, error: PhotochromError, photo: StoredPhoto) -> Outcome:
        cause = blamed(error, self._folder, photo.size)
        self._is_full |= cause is not error
        return failed(cause)

    def _fetch(self, photo: StoredPhoto, folder: Path) -> Path:
        """Copy a photo and what lies beside it to this machine, or find it here, as it was when it was planned.

        Raises:
            PhotoError: if it cannot be read, or has changed since it was planned.
            OutputError: if there is no room for it.
        """
        place = self._place(photo)
        there = place.look(photo.name)
        if there is None or not f"{photo.stamp} ".startswith(f"{there.stamp} "):  # behind it are its sidecars'
            problem = "is no longer there" if there is None else "has changed since the call began"
            raise PhotoError(place.url(photo.name), problem, "start the same command again")
        if photo.member:
            local = folder / PurePosixPath(photo.member).name
            content = place.fetch_part(photo.name, photo.start, photo.size)
            with node_disk(self._folder):
                local.write_bytes(content)
            return local
        here = place.local(photo.name)
        if here is not None:
            return here
        for name in (photo.name, *photo.sidecars):
            place.fetch(name, folder / PurePosixPath(name).name)
        return folder / PurePosixPath(photo.name).name

    def _place(self, photo: StoredPhoto) -> Storage:
        if photo.given is not None:
            return self._setup.opened[photo.given]
        return self._places.get(photo.place) or self._places.setdefault(photo.place, Storage(photo.place))
