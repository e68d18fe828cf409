"""Folders over a real cluster of Ray's come out as on one machine, wherever they lie."""

from __future__ import annotations

import json
import tarfile
import threading
import time
from pathlib import Path

import psutil
import pytest
from pyarrow import parquet

from cluster_calls import Colorize, contents, locally, upload
from photochrom.batch.cluster.run import Cluster, ClusterBatch
from photochrom.batch.manifest import DONE
from photochrom.cli.main import main
from photochrom.options import Options
from photochrom.workers.engine import EngineSetup
from small_photos import save_photos
from stores import SIGNATURE
from tiny_network import tint_card, write_network

pytestmark = [pytest.mark.ray, pytest.mark.slow]


@pytest.mark.parametrize("store", ["s3", "sftp"])
def test_a_store_s_album_comes_out_as_it_does_on_one_machine(
    colorize: Colorize, setup: EngineSetup, store: str, request: pytest.FixtureRequest, tmp_path: Path
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


def test_two_networks_whose_files_have_one_name_are_both_sent(address: str, tint: Path, tmp_path: Path) -> None:
    photos = save_photos(tmp_path / "photos", 2)[0].parent
    cold = tmp_path / "cold" / tint.name
    cold.parent.mkdir()
    write_network(cold, card=tint_card(name="cold"), bias=(-10.0, -20.0))
    setup = EngineSetup(networks=(f"{tint}+{cold}",), threads=1)
    output = str(tmp_path / "out")
    with ClusterBatch(output, setup, Options(), cluster=Cluster(address, 1)) as batch:
        assert {result.state for result in batch.run(batch.plan([str(photos)]))} == {"done"}
    assert contents(output, tmp_path) == locally(photos, tmp_path / "local", setup)


def test_shards_in_and_shards_out(colorize: Colorize, setup: EngineSetup, tmp_path: Path) -> None:
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


def test_workers_share_a_gpu_and_no_more_than_are_asked_for(colorize: Colorize, tmp_path: Path) -> None:
    save_photos(tmp_path / "photos", 24)
    most = 0
    ended = threading.Event()

    def at_work() -> set[int]:
        found = psutil.process_iter(["pid", "cmdline"])
        return {each.info["pid"] for each in found if "MapWorker" in " ".join(each.info["cmdline"] or [])}

    before = at_work()  # those of a former call, which are about to end

    def watch() -> None:
        nonlocal most
        while not ended.is_set():
            most = max(most, len(at_work() - before))
            time.sleep(0.05)

    thread = threading.Thread(target=watch)
    thread.start()
    results = colorize([str(tmp_path / "photos")], str(tmp_path / "out"), workers=None, workers_per_gpu=2)
    ended.set()
    thread.join()
    assert {result.state for result in results} == {"done"}
    assert 1 <= most <= 2


def test_a_lent_address_s_signature_is_in_no_file_that_stays(
    address: str, signed, tint: Path, tmp_path: Path, capsys
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


SIDECAR = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" rdf:about="" dc:format="image/jpeg"/>
</rdf:RDF></x:xmpmeta>"""
