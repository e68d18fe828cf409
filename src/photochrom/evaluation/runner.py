"""An evaluation from photos and networks to results: resumable, in processes, one photo at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import numpy as np

from photochrom import __version__
from photochrom.data.photos import PhotoRef, find_photos
from photochrom.errors import (
    DataError,
    MissingExtraError,
    NetworkError,
    PhotoError,
    TooLargeError,
    UnexpectedError,
    WorkerError,
    require_extra,
)
from photochrom.evaluation.cost import measure_cost
from photochrom.evaluation.gallery import write_gallery
from photochrom.evaluation.jobs import (
    EXTRAS,
    Bench,
    BenchSetup,
    Measure,
    MeasureMean,
    SentPhoto,
    missing_extras,
)
from photochrom.evaluation.measure import Measurer
from photochrom.evaluation.methods import list_methods
from photochrom.evaluation.preprocessing import PREPROCESSINGS
from photochrom.evaluation.record import Line, Record
from photochrom.evaluation.results import compile_results, write_json
from photochrom.threads import in_order, usable_cores
from photochrom.workers.pool import Pool
from photochrom.workers.ray_cluster import connected
from photochrom.workers.ray_pool import RayPool

__all__ = ["evaluate"]

_AHEAD = 32  # photos that are begun or wait for a worker; far more than there are workers would cost memory
_LOST = (WorkerError, UnexpectedError, TooLargeError)  # with a subject, of one photo alone

Progress = Callable[[str, int, int], None]
"""Called with what is under way, how many photos are done, and of how many."""


def evaluate(
    networks: Sequence[str | Path],
    data: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    preprocessing: str = "center256",
    hints: Sequence[int] = (),
    vividness: Sequence[float] = (),
    photos: int | None = None,
    fast: bool = False,
    workers: int | None = None,
    engine: Literal["local", "ray"] = "local",
    ray_address: str | None = None,
    overwrite: bool = False,
    command: str = "",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure networks on photos, and write `results.json`, `report.html` and `gallery/` into a folder.

    A call that was stopped goes on with the same arguments: what is measured is not measured again.

    Args:
        networks: as `Network` takes them.
        data: colour photos; see `find_photos`. Where it names photos for testing, those for training are left out.
        output: the evaluation's folder.
        preprocessing: see `PREPROCESSINGS`.
        hints: numbers of colour points, for a curve of PSNR against them; where there are any, how far one of
            another colour reaches is measured too.
        vividness: a row for each, where a network takes it.
        photos: measure only the first so many.
        fast: leave LPIPS and the Fréchet distance out, which take several times longer than all the rest.
        workers: processes; one for each core if None.
        engine: where these are: on this machine, or on a cluster of Ray's, whose machines all have the networks'
            files and the photos at the same places.
        ray_address: of the cluster; see `photochrom.workers.ray_cluster`.
        overwrite: start over where `output` holds an evaluation.
        command: what the report names as the command that makes it again.
        progress: called as it goes on.

    Returns:
        What `results.json` holds.

    Raises:
        NetworkError: if a network cannot be opened.
        DataError: if there are no photos, or none of them can be measured.
        WorkerError: if no worker process can be started.
        OutputError: if the folder holds another evaluation, or cannot be written.
    """
    output, progress = Path(output), progress or (lambda what, done, of: None)
    if preprocessing not in PREPROCESSINGS:
        raise DataError(None, f"there is no preprocessing {preprocessing!r}", f"use {' or '.join(PREPROCESSINGS)}")
    methods = tuple(list_methods(networks, vividness))
    unknown: list[str] = []
    found = find_photos(data, say=unknown.append)
    marked = any(ref.part == "test" for ref in found)
    tested = [ref for ref in found if not (marked and ref.part == "train")]
    refs = tested[:photos]
    missing = dict.fromkeys(EXTRAS, "left out, to be fast") if fast else missing_extras()
    bench = BenchSetup(
        methods, preprocessing, tuple(sorted(set(hints))), frozenset(EXTRAS.keys() - missing.keys())
    )
    setup = _setup(bench, refs)
    with (
        closing(Record(output, setup, overwrite=overwrite)) as record,
        _workers(bench, engine, ray_address, workers, len(refs)) as pool,
    ):
        given = SentPhoto.of if engine == "ray" else _where_it_lies
        mean_ab = _mean_colour(pool, refs, given, progress)
        waiting = [(number, ref) for number, ref in enumerate(refs) if ref.key not in record.lines]
        lines = {ref.key: record.lines[ref.key] for ref in refs if ref.key in record.lines}
        jobs = (Measure(given(ref), ref.key, mean_ab) for _, ref in waiting)
        for (number, ref), future in zip(waiting, in_order(pool.submit, jobs, _AHEAD), strict=True):
            try:
                lines[ref.key] = future.result()
            except _LOST as error:
                if error.subject is None:  # nothing can be measured any more
                    raise
                # It is not recorded: the same command tries it again.
                lines[ref.key] = Line(ref.key, skipped=str(error))
            else:
                record.add(number, lines[ref.key])
            progress("measuring", len(lines), len(refs))
    ordered = [lines[ref.key] for ref in refs]
    if all(line.measured is None for line in ordered):
        why = f"none of the {len(refs)} photos can be measured ({ordered[0].skipped})"
        raise DataError(None, why, "give other photos")
    progress("measuring the cost", 0, 0)
    costs = {}
    for method in methods:
        if method.path is not None:
            with suppress(NetworkError):  # one that fails has its failures in the report already
                costs[method.name] = measure_cost(method.path, PREPROCESSINGS[preprocessing].size)
    results = compile_results(
        ordered, methods, PREPROCESSINGS[preprocessing], hints=bench.hints, costs=costs, missing=missing
    )
    if left_out := len(found) - len(tested):
        results["notes"]["parts"] = f"{left_out:,} that are marked for training are left out"
    if unknown:
        results["notes"]["files"] = "; ".join(unknown)
    results |= {"photochrom": __version__, "command": command}
    results["data"] |= {"names": _names(data), "fingerprint": setup["photos"][:16]}
    progress("drawing the report", 0, 0)
    chosen = [ref for ref in refs if ref.key in {entry["key"] for entry in results["gallery"]}]
    read = {ref.key: PREPROCESSINGS[preprocessing].read(ref.read(), ref.key) for ref in chosen}
    write_gallery(results, read, Measurer(methods, mean_ab), output)
    write_json(results, output)
    try:
        with require_extra("metrics", "The report's page"):
            from photochrom.evaluation.page import write_page
    except MissingExtraError as error:
        results["missing"]["page"] = str(error)  # the figures are there all the same
    else:
        write_page(results, output)
    return results


def _setup(bench: BenchSetup, refs: Sequence[PhotoRef]) -> dict[str, Any]:
    """Return what figures depend on, so that those of two setups are never mixed."""
    digest = hashlib.sha256()
    for ref in refs:
        digest.update(ref.key.encode("utf-8", "surrogatepass") + b"\0")
        try:
            digest.update(hashlib.sha256(ref.read()).digest())
        except PhotoError:
            digest.update(b"cannot be read")  # which is said of it in its turn
    return {
        "format": 2,
        "photochrom": __version__,
        "preprocessing": bench.preprocessing,
        "rows": [[method.name, method.digest, method.vividness] for method in bench.methods],
        "hints": list(bench.hints),
        "extras": sorted(bench.extras),
        "photos": digest.hexdigest(),
    }


@contextmanager
def _workers(
    bench: BenchSetup, engine: str, address: str | None, workers: int | None, most: int
) -> Iterator[Pool[Bench] | RayPool[Bench]]:
    """Start the workers of an engine, for the length of the block."""
    if engine == "local":
        with closing(Pool(bench, workers=min(workers or usable_cores(), most))) as pool:
            yield pool
        return
    with connected(address), closing(RayPool(bench, workers=workers)) as remote:
        yield remote


def _where_it_lies(ref: PhotoRef) -> PhotoRef | SentPhoto:
    return ref


def _mean_colour(
    pool: Pool[Bench] | RayPool[Bench],
    refs: Sequence[PhotoRef],
    given: Callable[[PhotoRef], PhotoRef | SentPhoto],
    progress: Progress,
) -> tuple[float, float]:
    """Return the mean a, b over all pixels of all photos that can be read."""
    means = []
    jobs = (MeasureMean(given(ref), ref.key) for ref in refs)
    for done, future in enumerate(in_order(pool.submit, jobs, _AHEAD), 1):
        progress("reading", done, len(refs))
        try:
            mean = future.result()
        except _LOST as error:
            if error.subject is None:
                raise
            continue  # it is said where the photo is measured
        if mean is not None:
            means.append(mean)
    a, b = np.mean(means, axis=0).tolist() if means else (0.0, 0.0)
    return a, b


def _names(data: str | Path | Sequence[str | Path]) -> list[str]:
    items = [data] if isinstance(data, str | Path) else data
    return [Path(item).name or str(item) for item in items]
