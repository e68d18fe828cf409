"""The examples of docs/scale.md: shell that shellcheck takes, pods that Kubernetes takes, the simulated queue."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def test_the_shell_is_sound(tmp_path: Path) -> None:
    if shutil.which("shellcheck") is None:
        assert not os.environ.get("CI"), "shellcheck is not installed"
        pytest.skip("shellcheck is not installed")
    scripts = blocks("bash")
    assert len(scripts) == 2
    for number, script in enumerate(scripts):
        path = tmp_path / f"{number}.sh"
        path.write_text(script)
        done = subprocess.run(["shellcheck", path], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The simulation of a cluster's queue."""
    path = ROOT / "scripts" / "simulate_cluster.py"
    spec = spec_from_file_location("simulate_cluster", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclass looks for its own types
    spec.loader.exec_module(module)
    return module


CALM = {
    "units": 1000, "workers": 16, "seconds": 2.0, "spread": 0.0, "straggler_share": 0.0, "straggler_times": 1.0,
    "per_machine": 4, "lost_per_hour": 0.0, "back_after": 60.0, "deadly_share": 0.0, "seed": 0,
}  # fmt: skip


def test_the_simulated_queue_of_a_calm_cluster_is_as_long_as_arithmetic_says(script: ModuleType) -> None:
    cluster = script.Cluster(**CALM)
    assert script.simulate(cluster) == math.ceil(1000 / 16) * 2.0
    assert (cluster.worked, cluster.lost) == (2000.0, 0.0)


@pytest.mark.parametrize(
    "trouble",
    [{"lost_per_hour": 60.0}, {"straggler_share": 0.02, "straggler_times": 20.0}, {"deadly_share": 0.01}],
    ids=lambda trouble: next(iter(trouble)),
)
def test_trouble_costs_time_and_no_unit(script: ModuleType, trouble: dict[str, float]) -> None:
    cluster = script.Cluster(**CALM | trouble)
    assert script.simulate(cluster) > math.ceil(1000 / 16) * 2.0
    assert len(cluster.ended) == 1000
    assert cluster.worked - cluster.lost >= 2000 - 1e-6
    assert (cluster.lost > 0) == ("straggler_share" not in trouble)


def test_the_pods_are_what_kubernetes_takes() -> None:
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    (text,) = blocks("yaml")
    cluster = yaml.safe_load(text)["spec"]["rayClusterSpec"]
    for group in [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]:
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": group["template"]["spec"]}
        kubernetes_validate.validate(pod, "1.30", strict=True)


def test_the_plan_s_arithmetic_is_right_and_of_published_figures() -> None:
    published = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    photos, seconds, cores, packing = 10**7, 0.75, 400, 0.017
    (measured,) = re.findall(r"\| 24 megapixels \| ([\d.]+) \|", TEXT)
    assert float(measured) < seconds
    small, large = re.findall(r"^\| \d+×\d+, batch \d+ \| ([\d,]+) \|$", published, re.MULTILINE)
    (packed_at_192,) = re.findall(r"at 192 it takes ([\d.]+)", published)
    epochs = [1.3e6 / int(speed.replace(",", "")) / 60 for speed in (small, large)]
    rate, hours = cores / seconds, photos * seconds / 3600
    for said in (
        f"{photos * 6e6 / 1e12:.0f} TB in, {photos * 8e6 / 1e12:.0f} TB out",
        f"10⁷ × {seconds} s / 3600 | {hours:,.0f} core hours",
        f"{hours / cores * 1.05:.1f} hours",
        f"{8 / seconds * 14:.0f} MB/s: {8 / seconds * 14 * 8 / 1000:.1f} Gbit/s",
        f"{rate:.0f} photos/s: {rate * 14 / 1000:.1f} GB/s, and {4 * rate:,.0f} requests/s",
        f"${photos / 1000 * (3 * 0.0004 + 0.005):.0f} |",
        f"${hours * 0.04:.0f}, or ${hours * 0.015:.0f}",
        f"${140_000 * 0.023:,.0f} |",
        f"${60_000 * 0.02:,.0f}:",
        f"{rate / 8:.0f} a second here",
        f"{packing} core seconds a photo of 500×375, by the same script, on 16 cores",
        f"on 16 cores | {1.3e6 * packing / 16 / 60:.0f} minutes",
        f"10⁶ / {small} photos/s",
        f"10⁶ / {large} | {epochs[1]:.0f} minutes",
        f"some {21_500 * float(packed_at_192) / 1000:.0f} cores",
        f"20 × {epochs[0]:.0f} + 10 × {epochs[1]:.0f} | {(20 * epochs[0] + 10 * epochs[1]) / 60:.1f} hours",
    ):
        assert said in TEXT, said
