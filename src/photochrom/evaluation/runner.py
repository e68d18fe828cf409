"""An evaluation from photos and networks to results: resumable, in processes, one photo at a time."""

from __future__ import annotations

import hashlib
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from photochrom import __version__
from photochrom.color.cielab import rgb_to_lab
from photochrom.data.decode import set_vips_threads
from photochrom.data.photos import PhotoRef, find_photos
from photochrom.errors import DataError, MissingExtraError, NetworkError, PhotoError, WorkerError, require_extra
from photochrom.evaluation.cost import measure_cost
from photochrom.evaluation.gallery import write_gallery
from photochrom.evaluation.inception import Inception
from photochrom.evaluation.lpips import Lpips
from photochrom.evaluation.measure import Measurer
from photochrom.evaluation.methods import Subject, list_subjects
from photochrom.evaluation.preprocessing import PROTOCOLS
from photochrom.evaluation.record import Line, Record
from photochrom.evaluation.results import compile_results, write_json
from photochrom.threads import usable_cores

__all__ = ["Job", "evaluate"]

T = TypeVar("T")

_AHEAD = 32  # calls that wait for a worker; far more than there are workers would cost memory
_EXTRAS: dict[str, Callable[[], Any]] = {"lpips": Lpips, "frechet": Inception}

Told = Callable[[str, int, int], None]
"""Hears what is under way, how many photos are done, and of how many."""


@dataclass(frozen=True)
class Job:
    """What every worker process needs; all of it can be sent to one.

    Attributes:
        subjects: the rows.
        protocol: name of the protocol.
        hints: numbers of colour points for the curve.
        extras: which of ``"lpips"`` and ``"frechet"`` are measured.
    """

    subjects: tuple[Subject, ...]
    protocol: str
    hints: tuple[int, ...]
    extras: frozenset[str]


def evaluate(
    networks: Sequence[str | Path],
    data: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    protocol: str = "center256",
    hints: Sequence[int] = (),
    vividness: Sequence[float] = (),
    photos: int | None = None,
    fast: bool = False,
    workers: int | None = None,
    overwrite: bool = False,
    command: str = "",
    told: Told | None = None,
) -> dict[str, Any]:
    """Measure networks on photos, and write `results.json`, `report.html` and `gallery/` into a folder.

    A call that was stopped goes on with the same arguments: what is measured is not measured again.

    Args:
        networks: names of bundled networks or paths of network files.
        data: colour photos; see `find_photos`. Where it names photos for testing, those for training are left out.
        output: the evaluation's folder.
        protocol: see `PROTOCOLS`.
        hints: numbers of colour points, for a curve of PSNR against them.
        vividness: a row for each, where a network takes it.
        photos: measure only the first so many.
        fast: leave LPIPS and the Fréchet distance out, which take several times longer than all the rest.
        workers: processes; one for each core if None.
        overwrite: start over where `output` holds an evaluation.
        command: what the report names as the command that makes it again.
        told: hears how it goes.

    Returns:
        What `results.json` holds.

    Raises:
        NetworkError: if a network cannot be opened.
        DataError: if there are no photos, or none of them can be measured.
        WorkerError: if a worker process is killed.
        OutputError: if the folder holds another evaluation, or cannot be written.
    """
    output, told = Path(output), told or (lambda what, done, of: None)
    if protocol not in PROTOCOLS:
        raise DataError(None, f"there is no protocol {protocol!r}", f"use {' or '.join(PROTOCOLS)}")
    subjects = tuple(list_subjects(networks, vividness))
    found = find_photos(data)
    marked = any(ref.part == "test" for ref in found)
    tested = [ref for ref in found if not (marked and ref.part == "train")]
    refs = tested[:photos]
    missing = dict.fromkeys(_EXTRAS, "left out, to be fast") if fast else missing_extras()
    job = Job(subjects, protocol, tuple(sorted(set(hints))), frozenset({"lpips", "frechet"} - missing.keys()))
    setup = _setup(job, refs)
    with (
        closing(Record(output, setup, overwrite=overwrite)) as record,
        _pool(min(workers or usable_cores(), len(refs)), job) as pool,
    ):
        mean_ab = _mean_colour(pool, refs, told)
        waiting = [(number, ref) for number, ref in enumerate(refs) if ref.key not in record.lines]
        made = _in_order(pool, _measure, [(ref, mean_ab) for _, ref in waiting])
        for done, ((number, _), line) in enumerate(zip(waiting, made, strict=True), len(refs) - len(waiting) + 1):
            record.add(number, line)
            told("measuring", done, len(refs))
        lines = [record.lines[ref.key] for ref in refs]
    if all(line.measured is None for line in lines):
        why = f"none of the {len(lines)} photos can be measured ({lines[0].skipped})"
        raise DataError(None, why, "give other photos")
    told("measuring the cost", 0, 0)
    costs = {}
    for subject in subjects:
        if subject.path is not None:
            with suppress(NetworkError):  # one that fails has its failures in the report already
                costs[subject.name] = measure_cost(subject.path, PROTOCOLS[protocol].size)
    results = compile_results(lines, subjects, PROTOCOLS[protocol], hints=job.hints, costs=costs, missing=missing)
    if left_out := len(found) - len(tested):
        results["notes"]["parts"] = f"{left_out:,} that are marked for training are left out"
    results |= {"photochrom": __version__, "command": command}
    results["data"] |= {"names": _names(data), "fingerprint": setup["photos"][:16]}
    told("drawing the report", 0, 0)
    chosen = [ref for ref in refs if ref.key in {entry["key"] for entry in results["gallery"]}]
    read = {ref.key: PROTOCOLS[protocol].read(ref.read(), ref.key) for ref in chosen}
    write_gallery(results, read, Measurer(subjects, mean_ab), output)
    write_json(results, output)
    try:
        with require_extra("metrics", "The report's page"):
            from photochrom.evaluation.page import write_page
    except MissingExtraError as error:
        results["missing"]["page"] = str(error)  # the figures are there all the same
    else:
        write_page(results, output)
    return results


def missing_extras() -> dict[str, str]:
    """Say of each optional metric that cannot be measured here what it needs."""
    missing = {}
    for key, make in _EXTRAS.items():
        try:
            make()
        except MissingExtraError as error:
            missing[key] = str(error)
    return missing


def _setup(job: Job, refs: Sequence[PhotoRef]) -> dict[str, Any]:
    """Return what figures depend on, so that those of two setups are never mixed."""
    digest = hashlib.sha256()
    for ref in refs:
        digest.update(ref.key.encode("utf-8", "surrogatepass") + b"\0")
        try:
            digest.update(hashlib.sha256(ref.read()).digest())
        except PhotoError:
            digest.update(b"cannot be read")  # which is said of it in its turn
    return {
        "format": 1,
        "photochrom": __version__,
        "protocol": job.protocol,
        "rows": [[subject.name, subject.digest, subject.vividness] for subject in job.subjects],
        "hints": list(job.hints),
        "extras": sorted(job.extras),
        "photos": digest.hexdigest(),
    }


def _mean_colour(pool: ProcessPoolExecutor, refs: Sequence[PhotoRef], told: Told) -> tuple[float, float]:
    """Return the mean a, b over all pixels of all photos that can be read."""
    means = []
    for done, mean in enumerate(_in_order(pool, _mean_of, [(ref,) for ref in refs]), 1):
        told("reading", done, len(refs))
        if mean is not None:
            means.append(mean)
    a, b = np.mean(means, axis=0).tolist() if means else (0.0, 0.0)
    return a, b


@contextmanager
def _pool(workers: int, job: Job) -> Iterator[ProcessPoolExecutor]:
    """Open worker processes for the block; what waits when it ends early is dropped."""
    # Spawned, for a fork of a process with threads, such as those of ONNX Runtime, may hang.
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _start_worker, (job,))
    try:
        yield pool
    except BrokenProcessPool as error:
        raise WorkerError(
            None,
            "a worker process was killed, perhaps for want of memory",
            "start again to go on, with fewer --jobs",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, work: Callable[..., T], calls: Sequence[tuple[Any, ...]]) -> Iterator[T]:
    """Do calls in the pool, a few ahead of the reader, and give their results in order."""
    ahead: deque[Future[T]] = deque()
    waiting = iter(calls)
    for _ in calls:
        while len(ahead) < _AHEAD and (call := next(waiting, None)) is not None:
            ahead.append(pool.submit(work, *call))
        yield ahead.popleft().result()


class _Worker:
    """What a worker process holds between photos."""

    job: Job
    measurer: Measurer | None = None


def _start_worker(job: Job) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    set_vips_threads(1)
    if job.extras:
        import torch

        torch.set_num_threads(1)  # there is a process for each core already
    _Worker.job = job


def _mean_of(ref: PhotoRef) -> tuple[float, float] | None:
    try:
        rgb = PROTOCOLS[_Worker.job.protocol].read(ref.read(), ref.key)
    except PhotoError:
        return None  # said where it is measured
    a, b = rgb_to_lab(rgb)[..., 1:].mean(axis=(0, 1), dtype=np.float64).tolist()
    return a, b


def _measure(ref: PhotoRef, mean_ab: tuple[float, float]) -> Line:
    job = _Worker.job
    if _Worker.measurer is None:
        extras = {key: make() for key, make in _EXTRAS.items() if key in job.extras}
        _Worker.measurer = Measurer(
            job.subjects, mean_ab, hints=job.hints, lpips=extras.get("lpips"), inception=extras.get("frechet")
        )
    try:
        truth = PROTOCOLS[job.protocol].read(ref.read(), ref.key)
    except PhotoError as error:
        return Line(ref.key, skipped=str(error))
    return Line(ref.key, _Worker.measurer(truth, ref.key))


def _names(data: str | Path | Sequence[str | Path]) -> list[str]:
    items = [data] if isinstance(data, str | Path) else data
    return [Path(item).name or str(item) for item in items]
