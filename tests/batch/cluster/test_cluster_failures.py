"""What dies or fills up in mid-run on a real cluster of Ray's: processes, machines, disks."""

from __future__ import annotations

import socket
import tarfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from cluster_calls import Colorize, contents, locally
from photochrom.batch.cluster.ledger import FAILED
from photochrom.batch.cluster.run import Cluster, ClusterBatch
from photochrom.batch.manifest import DONE
from photochrom.options import Options
from photochrom.workers.engine import EngineSetup
from small_photos import save_photos

pytestmark = [pytest.mark.ray, pytest.mark.slow]


def kill_readers(name: str, ended: threading.Event, *, parents: bool, times: int) -> list[int]:
    """Kill the processes that have a file open, or those that started them; return whom."""
    killed: list[int] = []
    while not ended.is_set() and len(killed) < times:
        for process in psutil.process_iter(["pid", "cmdline"]):
            with suppress(psutil.Error):
                if any(Path(file.path).name == name for file in process.open_files()):
                    victim = process.parent() if parents else process
                    if victim.pid not in (psutil.Process().pid, *killed):
                        victim.kill()
                        killed.append(victim.pid)
        time.sleep(0.01)
    return killed


@pytest.mark.parametrize("parents", [False, True], ids=["its process", "its actor"])
def test_a_photo_that_ends_its_worker_is_set_aside_and_the_others_are_made(
    colorize: Colorize, setup: EngineSetup, tmp_path: Path, parents: bool
) -> None:
    photos = save_photos(tmp_path / "photos", 12)
    deadly = tmp_path / "photos" / "006.png"
    Image.fromarray(np.zeros((7000, 7000), np.uint8)).save(deadly, compress_level=1)
    ended = threading.Event()
    thread = threading.Thread(
        target=kill_readers, args=(deadly.name, ended), kwargs={"parents": parents, "times": 100}
    )
    thread.start()
    try:
        results = colorize([str(tmp_path / "photos")], str(tmp_path / "out"), workers=1)
    finally:
        ended.set()
        thread.join()
    failed = [result for result in results if result.state == "failed"]
    assert [Path(result.source).name for result in failed] == [deadly.name]
    assert sorted(Path(result.source) for result in results if result.state == "done") == photos
    again = colorize([str(tmp_path / "photos")], str(tmp_path / "out"))
    assert [result.reason for result in again if result.reason != DONE] == [FAILED]
    once_more = colorize([str(tmp_path / "photos")], str(tmp_path / "out"), retry_failed=True)
    assert [Path(result.source).name for result in once_more if result.state == "done"] == [deadly.name]


def test_a_worker_that_is_killed_loses_and_doubles_nothing(
    colorize: Colorize, setup: EngineSetup, tmp_path: Path
) -> None:
    photos = save_photos(tmp_path / "photos", 60, side=400)
    killed: list[int] = []

    def kill() -> None:
        for process in psutil.process_iter(["cmdline"]):
            with suppress(psutil.Error):
                if "MapWorker" in " ".join(process.info["cmdline"] or []):
                    process.kill()
                    killed.append(process.pid)
                    return

    results = []
    with ClusterBatch(str(tmp_path / "out"), setup, Options(), cluster=Cluster(workers=2)) as batch:
        for result in batch.run(batch.plan([str(tmp_path / "photos")])):
            if len(results) in (8, 24):
                kill()
            results.append(result)
    assert killed
    assert sorted(Path(result.source) for result in results) == photos
    assert {result.state for result in results} == {"done"}
    assert contents(str(tmp_path / "out"), tmp_path) == locally(tmp_path / "photos", tmp_path / "local", setup)


def test_a_machine_that_goes_in_mid_run_loses_and_doubles_nothing(
    nodes, address: str, setup: EngineSetup, tmp_path: Path
) -> None:
    photos = save_photos(tmp_path / "photos", 80, side=400)
    node = nodes.add_node(num_cpus=2)
    nodes.wait_for_nodes()
    results = []
    with ClusterBatch(str(tmp_path / "out"), setup, Options(), cluster=Cluster(address, 6)) as batch:
        for result in batch.run(batch.plan([str(tmp_path / "photos")])):
            if len(results) == 16:
                nodes.remove_node(node, allow_graceful=False)
            results.append(result)
    assert sorted(Path(result.source) for result in results) == photos
    assert {result.state for result in results} == {"done"}
    assert contents(str(tmp_path / "out"), tmp_path) == locally(tmp_path / "photos", tmp_path / "local", setup)


@pytest.mark.parametrize("shard_photos", [None, 4])
def test_a_node_whose_disk_is_full_is_named_and_the_next_call_makes_what_is_left(
    address: str, nodes, setup: EngineSetup, small_disk: Path, tmp_path: Path, shard_photos: int | None
) -> None:
    import ray

    (small_disk / "ballast").write_bytes(bytes(448 << 10))
    noise = np.random.default_rng(0).integers(0, 255, (80, 300, 300), np.uint8)
    (tmp_path / "photos").mkdir()
    for number, pixels in enumerate(noise):
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{number:02}.png")
    with tarfile.open(tmp_path / "photos.tar", "w") as tar:  # so that each is copied to the node
        tar.add(tmp_path / "photos", "photos")
    node = nodes.add_node(num_cpus=1, resources={"full": 1}, env_vars={"TMPDIR": str(small_disk)})
    nodes.wait_for_nodes()
    # It has a process as soon as the others have, or these might leave it nothing to do.
    ray.get(ray.remote(lambda: None).options(resources={"full": 1}).remote())
    ways = {"cluster": Cluster(address, 5), "shard_photos": shard_photos}
    try:
        with ClusterBatch(str(tmp_path / "out"), setup, Options(), **ways) as batch:
            results = list(batch.run(batch.plan([str(tmp_path / "photos.tar")])))
    finally:
        nodes.remove_node(node)
    failed = [result for result in results if result.state == "failed"]
    assert 0 < len(failed) < len(results)
    for result in failed:
        assert f"{socket.gethostname()}:{small_disk}" in result.reason
        assert "its disk cannot be written" in result.reason
    with ClusterBatch(str(tmp_path / "out"), setup, Options(), **ways) as batch:
        again = list(batch.run(batch.plan([str(tmp_path / "photos.tar")])))
    assert {result.state for result in again} <= {"done", "skipped"}
    assert sum(result.state == "done" for result in again) == len(failed)
