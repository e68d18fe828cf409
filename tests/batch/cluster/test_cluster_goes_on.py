"""A call on a real cluster of Ray's that was broken off, or whose photos changed, goes on by the same command."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from photochrom.batch.cluster.run import Cluster, ClusterBatch
from photochrom.batch.manifest import DONE
from photochrom.options import Options
from photochrom.workers.engine import EngineSetup
from small_photos import save_photos

pytestmark = [pytest.mark.ray, pytest.mark.slow]


def test_a_shard_that_changes_under_way_is_told_and_made_by_the_next_call(
    setup: EngineSetup, address: str, tmp_path: Path
) -> None:
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


def test_a_call_that_is_killed_goes_on_by_the_same_command(address: str, tint: Path, tmp_path: Path) -> None:
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
