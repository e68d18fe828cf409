"""A cluster's pool keeps what that of one machine promises, and an evaluation over it has the same figures."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from photochrom.errors import NetworkError, PoolClosedError, WorkerError
from photochrom.evaluation.runner import evaluate
from photochrom.workers.ray_cluster import connected
from photochrom.workers.ray_pool import RayPool
from pool_jobs import Deadly, Echo, MemorySetup
from small_photos import save_photos

pytestmark = [pytest.mark.ray, pytest.mark.slow]


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    paths = os.pathsep.join(filter(None, (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH"))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", paths)  # the workers find the jobs of the tests there
        with connected(None):
            yield


def test_jobs_are_done_and_one_that_ends_its_workers_fails_alone(tmp_path: Path) -> None:
    pool = RayPool(MemorySetup(), workers=2)
    before = [pool.submit(Echo(f"{number}")) for number in range(9)]
    deadly = pool.submit(Deadly("deadly", tmp_path / "always", times=9))
    once = pool.submit(Deadly("once", tmp_path / "once", times=1))
    after = [pool.submit(Echo(f"{number}")) for number in range(9)]
    assert [future.result()[0] for future in before + after] == [f"{number}" for number in range(9)] * 2
    assert once.result() == "once"
    with pytest.raises(WorkerError, match="deadly: the process that worked on it was ended"):
        deadly.result()
    pool.close()
    with pytest.raises(PoolClosedError):
        pool.submit(Echo("late")).result()


def test_what_cannot_be_opened_is_said_of_each_job() -> None:
    pool = RayPool(MemorySetup(fails=True), workers=1)
    with pytest.raises(NetworkError, match=r"net\.onnx: is damaged"):
        pool.submit(Echo("a")).result()
    pool.close()


def test_an_evaluation_has_the_figures_of_one_machine(tint: Path, tmp_path: Path) -> None:
    save_photos(tmp_path / "photos", 6)
    # A folder that is there for this process alone: the cluster's have no such file.
    folder = os.open(tmp_path / "photos", os.O_RDONLY)
    only_here = Path(f"/proc/self/fd/{folder}") if sys.platform == "linux" else tmp_path / "photos"
    figures = []
    for engine, photos in ("local", tmp_path / "photos"), ("ray", only_here):
        results = evaluate([tint], photos, tmp_path / engine, fast=True, engine=engine, workers=2)
        figures.append([(row["name"], row["scores"]) for row in results["rows"]])
    assert len(figures[0]) > 2
    os.close(folder)
    assert figures[0] == figures[1]
