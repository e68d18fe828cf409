from __future__ import annotations

import psutil
import pytest
import torch

from photochrom.data import memory

CPU = torch.device("cpu")


def test_free_memory_is_what_the_machine_has_at_most():
    assert 0 < memory.free_bytes(CPU) <= psutil.virtual_memory().total


def test_room_for_photos_reserve_and_margin(monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda device: 1000)
    assert memory.fits(900, CPU)
    assert not memory.fits(901, CPU)
    assert memory.fits(400, CPU, reserve=500)
    assert not memory.fits(400, CPU, reserve=501)


@pytest.mark.parametrize("group", ["/", "/slice/job"])
def test_a_containers_limit_counts(tmp_path, monkeypatch, group):
    job = tmp_path / "root" / group.lstrip("/")
    job.mkdir(parents=True)
    limits = {"memory.max": "1000\n", "memory.current": "700\n", "memory.stat": "anon 1\ninactive_file 50\n"}
    for name, text in limits.items():
        (job / name).write_text(text)
    monkeypatch.setitem(memory._CGROUPS, "", (str(tmp_path / "root"), *memory._CGROUPS[""][1:]))
    table = tmp_path / "cgroup"
    table.write_text(f"5:cpu:/\n0::{group}\n")
    assert memory._cgroup_room(table) == [350]
    (job / "memory.max").write_text("max\n")
    assert memory._cgroup_room(table) == []
    assert memory._cgroup_room(tmp_path / "none") == []
