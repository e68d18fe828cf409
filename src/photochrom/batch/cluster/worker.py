"""What runs on each machine: an actor of Ray's that holds the network, and makes unit after unit of photos."""

from __future__ import annotations

import json
import tarfile
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from photochrom.batch.cluster.ledger import Outcome
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
    """Counts how often a photo was begun without coming to an end; an actor that outlives the others."""

    def __init__(self) -> None:
        self._begun: dict[str, int] = {}

    def of(self, results: list[str]) -> int:
        """Return the most that any of these was begun."""
        return max((self._begun.get(result, 0) for result in results), default=0)

    def begin(self, result: str) -> int:
        """Take note that a photo is begun; return how often it was."""
        self._begun[result] = self._begun.get(result, 0) + 1
        return self._begun[result]

    def end(self, result: str) -> None:
        """Take note that it came to an end, be it a good one or not."""
        self._begun.pop(result, None)


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

        self._setup, self._tries = setup, tries
        self._scratch = tempfile.TemporaryDirectory(prefix="photochrom-")
        self._folder = Path(self._scratch.name)
        for name, content in setup.network_files.items():
            (self._folder / name).write_bytes(ray.get(content))
        networks = tuple(map(self._network, setup.networks))
        self._pool = Pool(replace(setup.engine, networks=networks), workers=1)
        self._output = setup.output
        self._places: dict[str, Storage] = {}

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
            with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
                yield {"outcomes": [json.dumps(self._make_unit(str(unit), photos, Path(scratch)))]}

    def _make_unit(self, unit: str, photos: list[StoredPhoto], scratch: Path) -> list[Outcome]:
        import ray

        # Where a unit is begun again, one photo at a time: so that the one that ends its worker is known.
        before = ray.get(self._tries.of.remote([photo.result for photo in photos]))
        if self._setup.to_shards:
            return self._make_shard(unit, photos, scratch)
        with ThreadPoolExecutor(1 if before else _AT_ONCE) as threads:
            work = (scratch / str(number) for number in range(len(photos)))
            return list(threads.map(self._make_and_put, photos, work))

    def _make_and_put(self, photo: StoredPhoto, scratch: Path) -> Outcome:
        return self._outcome(photo, scratch, put=True)

    def _make_shard(self, unit: str, photos: list[StoredPhoto], scratch: Path) -> list[Outcome]:
        """Make a unit's photos, then one shard of them: it is there with all of them or not at all."""
        outcomes = [self._outcome(photo, scratch / str(number), put=False) for number, photo in enumerate(photos)]
        name, local = f"colorized-{unit}.tar", scratch / "shard.tar"
        with tarfile.open(local, "w", format=tarfile.PAX_FORMAT) as tar:
            for number, outcome in enumerate(outcomes):
                made = (scratch / str(number) / "out").iterdir() if outcome["state"] == "done" else ()
                for file in sorted(made):
                    member = tarfile.TarInfo(str(PurePosixPath(outcome["result"]).with_name(file.name)))
                    member.size = file.stat().st_size
                    with file.open("rb") as content:
                        tar.addfile(member, content)
        done = [outcome for outcome in outcomes if outcome["state"] == "done"]
        if not done:
            return outcomes
        try:
            stamp = self._output.put(local, name).stamp
        except OutputError as error:
            for outcome in done:
                outcome.update(_failed(error))
            return outcomes
        for outcome in done:
            outcome.update(file=name, made=stamp)
        return outcomes

    def _outcome(self, photo: StoredPhoto, scratch: Path, *, put: bool) -> Outcome:
        import ray

        outcome: Outcome = {
            "result": photo.result,
            "file": "",
            "source": photo.source,
            "photo": photo.stamp,
            "made": "",
            "state": "done",
            "reason": "",
            "code": "",
            "warnings": "[]",
            "seconds": 0.0,
        }
        began = time.perf_counter()
        try:
            if ray.get(self._tries.begin.remote(photo.result)) > _TRIES:
                raise PhotoError(
                    photo.source,
                    f"ended the process that worked on it {_TRIES} times (out of memory?)",
                    "see the machine's log; it is set aside until --retry-failed",
                )
            outcome.update(self._make(photo, scratch, put=put))
        except PhotochromError as error:
            outcome.update(_failed(error))
        finally:
            ray.get(self._tries.end.remote(photo.result))
        return outcome | {"seconds": time.perf_counter() - began}

    def _make(self, photo: StoredPhoto, scratch: Path, *, put: bool) -> dict[str, Any]:
        folder, out = scratch / "in", scratch / "out"
        for each in folder, out:
            try:
                each.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(each, f"cannot be written ({error.strerror})", "free some disk there") from error
        try:
            local = self._fetch(photo, folder)
        except PhotochromError as error:
            return _failed(error) | {"photo": ""}  # no fault of the photo's: the next call tries again
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

    def _fetch(self, photo: StoredPhoto, folder: Path) -> Path:
        """Copy a photo and what lies beside it to this machine, or find it here, as it was when it was planned.

        Raises:
            PhotoError: if it cannot be read, or has changed since it was planned.
        """
        place = self._place(photo)
        there = place.look(photo.name)
        if there is None or not photo.stamp.startswith(there.stamp):
            problem = "is no longer there" if there is None else "has changed since the call began"
            raise PhotoError(place.url(photo.name), problem, "start the same command again")
        if photo.member:
            local = folder / PurePosixPath(photo.member).name
            local.write_bytes(place.fetch_part(photo.name, photo.start, photo.size))
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


def _failed(error: PhotochromError) -> dict[str, Any]:
    failed = {"state": "failed", "reason": str(error), "code": error.code}
    # Of a full disk or a lost line no photo is to blame: without its stamp, the next call tries again.
    return failed | ({"photo": ""} if error.code == OutputError.code else {})
