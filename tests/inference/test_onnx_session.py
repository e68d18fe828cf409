"""Where a network runs: what is asked of ONNX Runtime, what it is trusted with, what is said where it cannot."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from photochrom.cli.main import make_parser
from photochrom.errors import NetworkError
from photochrom.inference.catalogue import bundled_networks
from photochrom.inference.onnx_model import Network
from photochrom.inference.onnx_session import ACCELERATORS, Device
from published_weights import a_lightness, some_hints

LIGHTNESS = np.linspace(0, 100, 61 * 83, dtype=np.float32).reshape(1, 1, 61, 83)
REAL = onnxruntime.InferenceSession


class Pretended:
    """ONNX Runtime as it is where a provider is there: the CPU's answers, in its name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *providers: str) -> None:
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.usable = lambda name, settings: True
        self.answer = lambda planes: planes
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [*providers, "CPUExecutionProvider"])
        monkeypatch.setattr(onnxruntime, "InferenceSession", self._open)
        monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None, raising=False)

    def _open(self, path: str, options: Any, providers: list[Any]) -> Any:
        session = REAL(path, options, providers=["CPUExecutionProvider"])
        if len(providers) == 1:
            return session
        (name, settings), rest = providers
        assert rest == "CPUExecutionProvider"
        self.asked.append((name, settings, options))
        return _Session(session, name if self.usable(name, settings) else None, self.answer)


class _Session:
    def __init__(self, session: Any, provider: str | None, answer: Any) -> None:
        self._session, self._provider, self._answer = session, provider, answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def get_providers(self) -> list[str]:
        return [*filter(None, [self._provider]), "CPUExecutionProvider"]

    def run(self, *given: Any) -> list[Any]:
        return [self._answer(planes) for planes in self._session.run(*given)]


@pytest.mark.parametrize("device", ACCELERATORS)
def test_an_accelerator_is_asked_for_by_its_provider(
    device: Device, tint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Pretended(monkeypatch, ACCELERATORS[device].provider)
    network = Network(tint, device=device, threads=3)
    ((provider, settings, options),) = runtime.asked
    assert (network.device, provider) == (device, ACCELERATORS[device].provider)
    assert options.intra_op_num_threads == 3
    if device == "openvino":
        assert settings["device_type"] == "GPU"  # the first choice
        assert settings["num_of_threads"] == "3"
        assert json.loads(settings["load_config"])["CPU"] == {"INFERENCE_PRECISION_HINT": "f32"}
    if device == "directml":
        assert not options.enable_mem_pattern
    if device == "coreml":
        assert settings["ModelFormat"] == "MLProgram"
    assert network.run(LIGHTNESS)["ab"].shape == (1, 2, 61, 83)


@pytest.mark.parametrize("device", ACCELERATORS)
def test_one_that_is_not_installed_is_refused_with_what_to_do(
    device: Device, tint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Pretended(monkeypatch)
    with pytest.raises(NetworkError) as caught:
        Network(tint, device=device)
    assert str(caught.value).startswith("this ONNX Runtime has no ")
    assert caught.value.remedy == ACCELERATORS[device].how
    assert Network(tint).device == "cpu"


@pytest.mark.parametrize("device", ACCELERATORS)
def test_one_without_a_usable_device_is_refused_and_auto_takes_the_cpu(
    device: Device, tint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Pretended(monkeypatch, ACCELERATORS[device].provider)
    runtime.usable = lambda name, settings: False
    with pytest.raises(NetworkError, match=f"no usable {device} device"):
        Network(tint, device=device)
    assert Network(tint).device == "cpu"


def test_openvino_takes_the_cpu_where_it_has_no_gpu(tint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Pretended(monkeypatch, "OpenVINOExecutionProvider")
    runtime.usable = lambda name, settings: settings["device_type"] == "CPU"
    assert Network(tint).device == "openvino"
    assert [settings["device_type"] for _, settings, _ in runtime.asked] == ["GPU", "CPU"]


@pytest.mark.parametrize("device", ACCELERATORS)
def test_one_that_gives_other_colours_is_refused_and_auto_takes_the_cpu(
    device: Device, tint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Pretended(monkeypatch, ACCELERATORS[device].provider)
    runtime.answer = lambda planes: planes + 0.01  # as halves do
    assert Network(tint, device=device).device == device
    for wrong in (lambda planes: planes + 3, lambda planes: planes * np.nan):
        runtime.answer = wrong
        with pytest.raises(
            NetworkError, match=rf"{device} gives other colours than the CPU, by .* on average; use cpu"
        ):
            Network(tint, device=device)
        assert Network(tint).device == "cpu"


def test_auto_prefers_them_in_order_and_never_takes_coreml(tint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Pretended(monkeypatch, *(one.provider for one in ACCELERATORS.values()))
    assert Network(tint).device == "cuda"
    Pretended(monkeypatch, "CoreMLExecutionProvider")
    assert Network(tint).device == "cpu"


def test_the_command_line_has_the_same_names() -> None:
    for command in (["colorize", "a.jpg"], ["serve"]):
        for device in ("auto", "cpu", *ACCELERATORS):
            assert make_parser().parse_args([*command, "--device", device]).device == device


openvino = pytest.mark.skipif(
    "OpenVINOExecutionProvider" not in onnxruntime.get_available_providers(),
    reason="this ONNX Runtime has no OpenVINO (pip install onnxruntime-openvino, in place of onnxruntime)",
)


@openvino
@pytest.mark.parametrize("name", bundled_networks())
def test_openvino_gives_the_cpu_s_colours(name: str) -> None:
    network, plain = Network(name, device="openvino"), Network(name, device="cpu")
    assert (network.device, plain.device) == ("openvino", "cpu")
    for height, width in ((61, 83), (64, 64), (1, 300)):
        lightness = np.linspace(0, 100, height * width, dtype=np.float32).reshape(1, 1, height, width)
        expected, found = plain.run(lightness), network.run(lightness)
        for output, planes in expected.items():
            np.testing.assert_allclose(found[output], planes, atol=1e-3)


@openvino
@pytest.mark.slow
@pytest.mark.parametrize("name", ["eccv16", "siggraph17", "ddcolor-tiny", "deoldify-artistic"])
def test_openvino_gives_the_cpu_s_colours_of_published_networks(
    name: str, official: Callable[[str], Path]
) -> None:
    network, plain = Network(official(name), device="openvino"), Network(official(name), device="cpu")
    assert network.device == "openvino"
    for height, width in ((61, 83), (64, 96)):
        lightness = a_lightness(height, width)
        hints = some_hints(height, width) if "hints" in plain.card.inputs else None
        expected = plain.run(lightness, hints)["ab"]
        assert expected.std() > 10
        np.testing.assert_allclose(network.run(lightness, hints)["ab"], expected, atol=1e-2)
