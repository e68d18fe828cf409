"""Folders over a real cluster of Ray's: a head and two nodes, an S3 server, and processes that die."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image
from pyarrow import parquet

from photochrom.batch.cluster.ledger import FAILED
from photochrom.batch.cluster.run import Cluster, ClusterBatch
from photochrom.batch.manifest import DONE
from photochrom.batch.plan import make_plan
from photochrom.batch.run import Batch
from photochrom.cli.main import main
from photochrom.io.storage import Storage
from photochrom.options import Options
from photochrom.workers.engine import EngineSetup
from small_photos import save_photos
from stores import SIGNATURE, SSHD
from tiny_network import tint_card, write_network

pytestmark = [pytest.mark.ray, pytest.mark.slow]


@pytest.fixture(scope="module")
def nodes(s3: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A cluster: a head that does no work, a node of two processors, and one that also has a GPU."""
    import ray
    from ray.cluster_utils import Cluster as LocalCluster

    if SSHD.exists() or os.environ.get("CI"):
        request.getfixturevalue("sftp")  # sets where the processes of the cluster look for keys
    cluster = LocalCluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    cluster.add_node(num_cpus=2)
    cluster.add_node(num_cpus=2, num_gpus=1)
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture
def address(nodes: Any) -> str:
    """Address of the cluster."""
    return str(nodes.address)


@pytest.fixture
def setup(tint: Path) -> EngineSetup:
    return EngineSetup(networks=(str(tint),), threads=1)


@pytest.fixture
def colorize(address: str, setup: EngineSetup) -> Callable[..., list]:
    def call(places: list[str], output: str, **ways) -> list:
        cluster = Cluster(address, ways.pop("workers", 2), ways.pop("workers_per_gpu", None))
        with ClusterBatch(output, setup, Options(), cluster=cluster, **ways) as batch:
            return list(batch.run(batch.plan(places)))

    return call


def upload(folder: Path, url: str) -> None:
    storage = Storage(url)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            storage.put(path, path.relative_to(folder).as_posix())


def contents(where: str, scratch: Path) -> dict[str, bytes]:
    storage, found = Storage(where), {}
    for _, entries in storage.walk(lambda name: name.startswith(".photochrom")):
        for entry in entries:
            storage.fetch(entry.name, scratch / "one")
            found[entry.name] = (scratch / "one").read_bytes()
    return found


def locally(folder: Path, output: Path, setup: EngineSetup) -> dict[str, bytes]:
    with Batch(output, setup, Options()) as batch:
        assert {result.state for result in batch.run(make_plan([folder], output).items)} == {"done"}
    return contents(str(output), output.parent)


@pytest.mark.parametrize("store", ["s3", "sftp"])
def test_a_store_s_album_comes_out_as_it_does_on_one_machine(
    colorize, setup, store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    photos, there = tmp_path / "photos", f"{request.getfixturevalue(store)}/{tmp_path.name}"
    save_photos(photos / "1920", 9)
    save_photos(photos / "1930 ü", 4, seed=1)
    (photos / "1920" / "000.xmp").write_text(SIDECAR)
    upload(photos, there)
    results = colorize([there], f"{there}-out")
    assert {result.state for result in results} == {"done"}
    assert len(results) == 13
    assert contents(f"{there}-out", tmp_path) == locally(photos, tmp_path / "local", setup)
    again = colorize([there], f"{there}-out")
    assert [(result.state, result.reason) for result in again] == [("skipped", DONE)] * 13


def test_two_networks_whose_files_have_one_name_are_both_sent(address, tint: Path, tmp_path: Path) -> None:
    photos = save_photos(tmp_path / "photos", 2)[0].parent
    cold = tmp_path / "cold" / tint.name
    cold.parent.mkdir()
    write_network(cold, card=tint_card(name="cold"), bias=(-10.0, -20.0))
    setup = EngineSetup(networks=(f"{tint}+{cold}",), threads=1)
    output = str(tmp_path / "out")
    with ClusterBatch(output, setup, Options(), cluster=Cluster(address, 1)) as batch:
        assert {result.state for result in batch.run(batch.plan([str(photos)]))} == {"done"}
    assert contents(output, tmp_path) == locally(photos, tmp_path / "local", setup)


def test_shards_in_and_shards_out(colorize, setup, tmp_path: Path) -> None:
    photos = save_photos(tmp_path / "photos" / "shard", 7)
    (tmp_path / "shards").mkdir()
    with tarfile.open(tmp_path / "shards" / "shard.tar", "w") as tar:
        for path in photos:
            tar.add(path, path.name)
    output = tmp_path / "out"
    results = colorize([str(tmp_path / "shards")], str(output), shard_photos=3)
    assert {result.state for result in results} == {"done"}
    shards = sorted(output.glob("*.tar"))
    assert len(shards) == 3
    found: dict[str, bytes] = {}
    for shard in shards:
        with tarfile.open(shard) as tar:
            found |= {member.name: tar.extractfile(member).read() for member in tar}
    assert found == locally(tmp_path / "photos", tmp_path / "local", setup)
    again = colorize([str(tmp_path / "shards")], str(output), shard_photos=3)
    assert {result.reason for result in again} == {DONE}
    assert sorted(output.glob("*.tar")) == shards


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
    colorize, setup, tmp_path: Path, parents: bool
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


def test_a_worker_that_is_killed_loses_and_doubles_nothing(colorize, setup, tmp_path: Path) -> None:
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


def test_a_machine_that_goes_in_mid_run_loses_and_doubles_nothing(nodes, address, setup, tmp_path: Path) -> None:
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


def test_workers_share_a_gpu_and_no_more_than_are_asked_for(colorize, tmp_path: Path) -> None:
    save_photos(tmp_path / "photos", 24)
    most = 0
    ended = threading.Event()

    def watch() -> None:
        nonlocal most
        while not ended.is_set():
            commands = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
            most = max(most, sum("MapWorker" in command for command in commands))
            time.sleep(0.05)

    thread = threading.Thread(target=watch)
    thread.start()
    results = colorize([str(tmp_path / "photos")], str(tmp_path / "out"), workers=None, workers_per_gpu=2)
    ended.set()
    thread.join()
    assert {result.state for result in results} == {"done"}
    assert 1 <= most <= 2


def test_a_shard_that_changes_under_way_is_told_and_made_by_the_next_call(setup, address, tmp_path: Path) -> None:
    photos = save_photos(tmp_path / "photos", 5)
    shard = tmp_path / "shards" / "s.tar"
    shard.parent.mkdir()

    def pack(paths: list[Path]) -> None:
        with tarfile.open(shard, "w") as tar:
            for path in paths:
                tar.add(path, path.name)

    pack(photos)
    with ClusterBatch(str(tmp_path / "out"), setup, Options(), cluster=Cluster(address, 2)) as batch:
        plan = batch.plan([str(shard)])
        pack(photos[:3])
        results = list(batch.run(plan))
    assert {result.reason for result in results} == {
        f"{shard}: has changed since the call began; start the same command again"
    }
    assert not list((tmp_path / "out").glob("**/*.jpg"))
    with ClusterBatch(str(tmp_path / "out"), setup, Options(), cluster=Cluster(address, 2)) as batch:
        again = list(batch.run(batch.plan([str(shard)])))
    assert [result.state for result in again] == ["done"] * 3


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of which a quarter of a megabyte is left."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"needs the right to mount a small disk: {made.stderr.decode().strip()}")
    (disk / "ballast").write_bytes(bytes(768 << 10))
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.mark.parametrize("shard_photos", [None, 4])
def test_a_node_whose_disk_is_full_is_named_and_the_next_call_makes_what_is_left(
    address, nodes, setup, full_disk: Path, tmp_path: Path, shard_photos: int | None
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 500, 500), np.uint8)
    (tmp_path / "photos").mkdir()
    for number, pixels in enumerate(noise):
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{number:02}.png")
    with tarfile.open(tmp_path / "photos.tar", "w") as tar:  # so that each is copied to the node
        tar.add(tmp_path / "photos", "photos")
    node = nodes.add_node(num_cpus=1, resources={"full": 1}, env_vars={"TMPDIR": str(full_disk)})
    nodes.wait_for_nodes()
    ways = {"cluster": Cluster(address, 5), "shard_photos": shard_photos}
    try:
        with ClusterBatch(str(tmp_path / "out"), setup, Options(), **ways) as batch:
            results = list(batch.run(batch.plan([str(tmp_path / "photos.tar")])))
    finally:
        nodes.remove_node(node)
    failed = [result for result in results if result.state == "failed"]
    assert 0 < len(failed) < len(results)
    for result in failed:
        assert f"{socket.gethostname()}:{full_disk}" in result.reason
        assert "its disk cannot be written" in result.reason
    with ClusterBatch(str(tmp_path / "out"), setup, Options(), **ways) as batch:
        again = list(batch.run(batch.plan([str(tmp_path / "photos.tar")])))
    assert {result.state for result in again} <= {"done", "skipped"}
    assert sum(result.state == "done" for result in again) == len(failed)


def test_a_lent_address_s_signature_is_in_no_file_that_stays(
    address, signed, tint: Path, tmp_path: Path, capsys
) -> None:
    url, folder = signed
    (photo,) = save_photos(tmp_path / "photos", 1)
    (folder / photo.name).write_bytes(photo.read_bytes())
    (folder / "broken.jpg").write_bytes(photo.read_bytes()[:200])
    places = [f"{url}/{name}?{SIGNATURE}" for name in (photo.name, "broken.jpg")]
    call = ["colorize", *places, "-o", str(tmp_path / "out"), "--engine", "ray", "--ray-address", address]
    assert main([*call, "-n", str(tint), "--report", str(tmp_path / "report.json")]) == 1
    said = capsys.readouterr()
    assert f"{url}/broken.jpg: " in said.err
    report = (tmp_path / "report.json").read_text()
    assert [photo["state"] for photo in json.loads(report)["photos"]].count("done") == 1
    rows = [str(parquet.read_table(path).to_pylist()) for path in (tmp_path / "out").glob(".photochrom/*/*")]
    assert rows
    for text in said.err, report, *rows:
        assert url in text
        assert "0123secret" not in text
    assert "0123secret" not in said.out


def test_a_call_that_is_killed_goes_on_by_the_same_command(address, tint: Path, tmp_path: Path) -> None:
    photos = save_photos(tmp_path / "photos", 80, side=400)
    command = [
        sys.executable, "-m", "photochrom", "colorize", str(tmp_path / "photos"), "-o", str(tmp_path / "out"),
        "--engine", "ray", "--ray-address", address, "--network", str(tint), "--json", "--jobs", "2",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while len(list((tmp_path / "out").glob("*.jpg"))) < 5:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.kill()
    process.communicate()
    running = tmp_path / "out" / ".photochrom" / "running.json"
    said = json.loads(running.read_text())
    running.write_text(json.dumps(said | {"time": 0}))  # as if 90 seconds had gone by
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert report["failed"] == 0
    assert report["network"]["name"] == "tint"
    assert report["done"] + report["skipped_because"].get(DONE, 0) == len(photos)
    assert len(list((tmp_path / "out").glob("*.jpg"))) == len(photos)


SIDECAR = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" rdf:about="" dc:format="image/jpeg"/>
</rdf:RDF></x:xmpmeta>"""
