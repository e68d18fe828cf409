"""A real cluster of Ray's: a head and two nodes, and an S3 server that they find."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster_calls import Colorize
from photochrom.batch.cluster.run import Cluster, ClusterBatch
from photochrom.batch.run import Result
from photochrom.options import Options
from photochrom.workers.engine import EngineSetup
from stores import SSHD


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
def colorize(address: str, setup: EngineSetup) -> Colorize:
    def call(places: list[str], output: str, **ways: Any) -> list[Result]:
        cluster = Cluster(address, ways.pop("workers", 2), ways.pop("workers_per_gpu", None))
        with ClusterBatch(output, setup, Options(), cluster=cluster, **ways) as batch:
            return list(batch.run(batch.plan(places)))

    return call
