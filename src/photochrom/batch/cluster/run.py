"""A call of many photos on a cluster: plan, ledger and storage here, and the work in Ray Data's actors."""

from __future__ import annotations

import json
import logging
import tempfile
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from photochrom.batch.cluster.disk_list import DiskList
from photochrom.batch.cluster.ledger import Ledger
from photochrom.batch.cluster.outcomes import Outcome
from photochrom.batch.cluster.sources import Sources
from photochrom.batch.cluster.worker import Tries, UnitSetup, Worker
from photochrom.batch.made_with import recipe_text, refuse_other_weights
from photochrom.batch.manifest import COLORED
from photochrom.batch.run import Result
from photochrom.errors import OutputError, WorkerError, require_extra
from photochrom.inference.catalogue import Merge, bundled_networks, network_file, read_merge
from photochrom.io.address import is_url
from photochrom.io.folder_rules import FolderRules, default_rules
from photochrom.io.storage import Storage
from photochrom.options import Options
from photochrom.workers.engine import EngineSetup, OpenNetwork
from photochrom.workers.jobs import Describe
from photochrom.workers.local import open_pool
from photochrom.workers.ray_cluster import connected

__all__ = ["Cluster", "ClusterBatch", "ClusterPlan"]

_UNIT = 8  # photos that an actor is given at a time
_CPU = 0.9  # of a core for each actor: the rest is for what hands them the plan


@dataclass(frozen=True)
class Cluster:
    """Where the work is done.

    Attributes:
        address: of a running cluster, as ``ray.init`` takes it; None for that of ``RAY_ADDRESS``, or else a
            cluster of this machine alone, for the length of the call.
        workers: how many photos are in the works at a time at most; None for one for each core, or with
            `workers_per_gpu` as many as the GPUs hold.
        workers_per_gpu: how many actors share a GPU; None for work on processors.
    """

    address: str | None = None
    workers: int | None = None
    workers_per_gpu: int | None = None


@dataclass
class ClusterPlan:
    """What a call will do; its rows wait on the disk, for there may be millions.

    Attributes:
        photos: that will be made, as keywords of `StoredPhoto`.
        total: their bytes.
        settled: what is known of the others already, as keywords of `Result`.
        skipped: how many of those need no work or may have none, by reason.
        failed: how many of those cannot be made.
        notes: what the user should know, a line each.
        opened: places whose addresses hold a secret, by `StoredPhoto.given`.
    """

    photos: DiskList = field(default_factory=DiskList)
    total: int = 0
    settled: DiskList = field(default_factory=DiskList)
    skipped: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    notes: list[str] = field(default_factory=list)
    opened: dict[int, Storage] = field(default_factory=dict)

    def results(self) -> Iterator[Result]:
        """Yield what is known of the photos that will not be made."""
        for row in self.settled:
            yield Result(**row | {"warnings": tuple(row["warnings"]), "alike_to": tuple(row["alike_to"])})

    def settle(self, result: Result) -> None:
        """Take note of a photo that will not be made."""
        self.settled.append(asdict(result))
        if result.state == "failed":
            self.failed += 1
        else:
            self.skipped[result.reason] += 1


class ClusterBatch:
    """Colorizes photos that lie anywhere into a folder that lies anywhere. Use it as a context.

    Args:
        output: folder for the results, by path or URL.
        setup: the network, and where it runs.
        options: for all results.
        cluster: where the work is done.
        overwrite: replace files that are there, whoever made them.
        skip_colored: leave photos alone that have colours already.
        retry_failed: try photos again that failed before and have not changed since.
        shard_photos: write the results into shards of so many photos; None for a file each.

    Attributes:
        network: what colorizes.

    Raises:
        NetworkError: if the network cannot be opened, or cannot do what the options ask for.
        OutputError: if the folder cannot be written to, another call is at work there, or its results are of other
            weights of that network.
        MissingExtraError: if Ray is not installed.
    """

    def __init__(
        self,
        output: str,
        setup: EngineSetup,
        options: Options,
        *,
        cluster: Cluster = Cluster(),
        overwrite: bool = False,
        skip_colored: bool = False,
        retry_failed: bool = False,
        shard_photos: int | None = None,
    ) -> None:
        with require_extra("ray", "--engine ray"):
            import pyarrow  # noqa: F401
        self._setup, self._options, self._cluster = setup, options, cluster
        self._overwrite, self._skip_colored, self._retry_failed = overwrite, skip_colored, retry_failed
        self._shard_photos = shard_photos
        if not is_url(output):  # other machines work in other folders
            output = str(Path(output).expanduser().absolute())
        self._output = Storage(output)
        self.network = network = _described(setup, options)
        with ExitStack() as stack:
            self._ledger = stack.enter_context(Ledger(self._output, recipe_text(network, setup, options)))
            if not overwrite:
                refuse_other_weights(self._ledger.recipes(), network, self._output.where)
            self._stack = stack.pop_all()

    def __enter__(self) -> ClusterBatch:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def plan(
        self, places: Sequence[str], *, suffix: str | None = None, rules: FolderRules | None = None
    ) -> ClusterPlan:
        """Go through all photos and say what is to be done of each; nothing is done yet.

        Raises:
            PhotoError: if a place is not there, or holds no photos.
            OutputError: if two photos would become one file, or one would be written over.
        """
        sources = Sources(places, self._output, suffix, rules or default_rules())
        plan, ways = ClusterPlan(), {"overwrite": self._overwrite, "skip_colored": self._skip_colored}
        refused: list[OutputError] = []
        for photo in sources.photos():
            lies = sources.place_in_output(photo)
            if lies is not None:
                self._ledger.keep(lies)
            act, why = self._ledger.decide(photo, retry_failed=self._retry_failed, **ways)
            if act == "refuse":
                refused.append(OutputError(photo.source, why, "colorize them into different folders"))
            elif act == "skip":
                plan.settle(Result(photo.source, self._output.url(photo.result), "skipped", why))
            else:
                taken = () if self._overwrite else self._ledger.taken(photo)
                plan.photos.append(asdict(replace(photo, taken=taken)))
                plan.total += photo.size
        for source, result in self._ledger.written_over():
            problem = f"would become {self._output.url(result)}, a photo that is to be colorized"
            refused.append(OutputError(source, problem, "give another folder as --output"))
        if refused:
            first, others = refused[0], len(refused) - 1
            more = f" (… and {others:,} other pair{'s' if others > 1 else ''})" if others else ""
            raise OutputError(first.subject, first.problem, first.remedy + more)
        for error in sources.unread:
            plan.settle(Result.failed(error.subject or "", None, error))
        plan.notes, plan.opened = sources.notes, sources.opened
        return plan

    def seconds_each(self) -> float | None:
        """Return how long a photo took there before with such results, None if none was made."""
        return self._ledger.seconds_each()

    def run(self, plan: ClusterPlan) -> Generator[Result, None, None]:
        """Make what a plan says; yield what became of each photo in the order of being done.

        Raises:
            WorkerError: if the cluster cannot be reached, or fails.
            OutputError: if the ledger cannot be written.
        """
        yield from plan.results()
        if not len(plan.photos):
            return
        parts = list(self._ledger.claim(_batched(plan.photos, self._shard_photos or _UNIT)))
        with connected(self._cluster.address):
            for outcome in self._outcomes(plan, parts):
                self._ledger.record(outcome)
                yield self._result(outcome)
            self._ledger.finish()

    def _outcomes(self, plan: ClusterPlan, parts: list[str]) -> Iterator[Outcome]:
        import ray
        from ray.data import ActorPoolStrategy, DataContext

        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        context.verbose_stats_logs = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        names, files = self._network_files()
        setup = UnitSetup(
            self._setup,
            names,
            {name: ray.put(path.read_bytes()) for name, path in files.items()},
            self._options,
            self._output,
            plan.opened,
            self._skip_colored,
            to_shards=self._shard_photos is not None,
        )
        # Its machine may go as any other. Started again, it has only forgotten how often photos were tried.
        lives = {"max_restarts": -1, "max_task_retries": -1}
        tries = ray.remote(Tries).options(num_cpus=0, **lives).remote()
        ways, most = self._resources()
        context.target_max_block_size = 1  # a row in each, so that any actor may take the next unit
        units = ray.data.from_items(parts, override_num_blocks=len(parts)).map_batches(
            partial(_read_plan, self._output), batch_size=1, num_cpus=1 - _CPU
        )
        done = units.map_batches(
            Worker,
            fn_constructor_args=(setup, tries),
            batch_size=1,
            batch_format="numpy",
            # All begin at once: Ray adds further ones minutes later.
            compute=ActorPoolStrategy(
                min_size=1, max_size=most, initial_size=most, max_tasks_in_flight_per_actor=2
            ),
            **ways,
        )
        for row in done.iter_rows():
            yield from json.loads(row["outcomes"])

    def _resources(self) -> tuple[dict[str, Any], int]:
        """Return what an actor asks of its machine, and how many there may be."""
        import ray

        all_of: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
        if self._cluster.workers_per_gpu is not None:
            share = 1 / self._cluster.workers_per_gpu
            room = int(all_of.get("GPU", 0) * self._cluster.workers_per_gpu)
            if room < 1:
                raise WorkerError(None, "the cluster has no GPU", "leave out --workers-per-gpu")
            return {"num_gpus": share, "num_cpus": _CPU}, min(room, self._cluster.workers or room)
        threads = self._setup.threads or 1
        room = max(1, int(all_of.get("CPU", 1)) // threads)
        return {"num_cpus": _CPU * threads}, min(room, self._cluster.workers or room)

    def _network_files(self) -> tuple[tuple[str | Merge, ...], dict[str, Path]]:
        """Return the networks by names that hold on every machine, and the files that they are sent for that."""
        files: dict[Path, str] = {}

        def sent(network: str) -> str:
            if network in bundled_networks():
                return network
            # In a folder of its own: two networks may have files of one name.
            return files.setdefault(network_file(network), f"{len(files)}/{network_file(network).name}")

        names: list[str | Merge] = []
        for network in self._setup.networks:
            merge = read_merge(network)
            names.append(
                sent(network)
                if merge is None
                else replace(merge, first=sent(merge.first), second=sent(merge.second))
            )
        return tuple(names), {name: path for path, name in files.items()}

    def _result(self, outcome: Outcome) -> Result:
        target = self._output.url(outcome["file"] or outcome["result"])
        seconds = outcome["seconds"]
        if outcome["state"] == "colored":
            return Result(outcome["source"], target, "skipped", COLORED, (), seconds)
        if outcome["state"] == "failed":
            return Result(outcome["source"], target, "failed", outcome["reason"], (), seconds, outcome["code"])
        return Result(outcome["source"], target, "done", "", tuple(json.loads(outcome["warnings"])), seconds)


def _described(setup: EngineSetup, options: Options) -> OpenNetwork:
    """Open the network here once, so that what is wrong with it is said before anything is planned."""
    pool = open_pool(setup, 1)
    try:
        return pool.submit(Describe(options=options)).result()[0]
    finally:
        pool.close()


def _batched(rows: Iterable[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    """Gather rows into lists of a size."""
    remaining = iter(rows)
    while unit := list(islice(remaining, size)):
        yield unit


def _read_plan(output: Storage, parts: dict[str, Any]) -> Any:
    """Read one file of the plan, on whichever machine is asked to."""
    from pyarrow import parquet

    (part,) = parts["item"]
    with tempfile.TemporaryDirectory(prefix="photochrom-") as folder:
        local = Path(folder, "part.parquet")
        output.fetch(str(part), local)
        return parquet.read_table(local)
