"""Official files of weights become network files that answer as the definitions in PyTorch do."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from photochrom.errors import NetworkError, OutputError, UnknownNetworkError
from photochrom.inference.onnx_model import Network
from photochrom.inference.published import PUBLISHED
from photochrom.inference.published.checkpoint import read_weights
from photochrom.inference.published.convert import convert
from photochrom.inference.published.fold import fold_norms
from photochrom.models.registry import load_published
from published_weights import a_lightness, save_official, some_hints

SIZES = ((64, 96), (75, 50), (32, 131))


@pytest.mark.parametrize(
    "name",
    [
        "eccv16",
        "siggraph17",
        pytest.param("ddcolor-tiny", marks=pytest.mark.slow),
        pytest.param("deoldify-artistic", marks=pytest.mark.slow),
    ],
)
def test_a_network_file_answers_as_the_definition(tmp_path, name):
    weights = save_official(PUBLISHED[name].architecture, tmp_path / "weights.pth")
    definition = load_published(fold_norms(read_weights(weights)))
    networks = {}
    for precision in ("float32", "float16"):
        card = convert(weights, name, tmp_path / f"{precision}.onnx", precision=precision)
        networks[precision] = Network(tmp_path / f"{precision}.onnx", device="cpu", threads=2)
        assert networks[precision].card == card
    assert (tmp_path / "float16.onnx").stat().st_size < 0.51 * (tmp_path / "float32.onnx").stat().st_size
    for height, width in SIZES:
        lightness = a_lightness(height, width)
        hints = some_hints(height, width) if "hints" in card.inputs else None
        with torch.no_grad():
            given = None if hints is None else torch.from_numpy(hints)
            expected = definition(torch.from_numpy(lightness), given).numpy()
        assert expected.std() > 10
        for precision, tolerance in (("float32", 1e-3), ("float16", 0.5)):
            ab = networks[precision].run(lightness, hints)["ab"]
            np.testing.assert_allclose(ab, expected, atol=tolerance, rtol=0)


@pytest.fixture(scope="module")
def siggraph17(tmp_path_factory):
    return save_official("siggraph17", tmp_path_factory.mktemp("siggraph17") / "weights.pth")


def test_the_card_says_whose_it_is(tmp_path, siggraph17):
    card = convert(siggraph17, "siggraph17", tmp_path / "it.onnx")
    published = PUBLISHED["siggraph17"]
    assert (card.name, card.license, card.paper) == ("siggraph17", "BSD-2-Clause", published.paper)
    assert card.source.endswith("siggraph17-df00044c.pth")
    assert len(card.sha256) == 64
    assert card.inputs == ("lightness", "hints")
    assert card.input_size == 256
    assert card.preprocessing
    assert 33e6 < card.parameters < 35e6


def test_hints_change_the_colours(tmp_path, siggraph17):
    convert(siggraph17, "siggraph17", tmp_path / "it.onnx")
    network = Network(tmp_path / "it.onnx", device="cpu")
    lightness = a_lightness(32, 32)
    assert not np.allclose(network.run(lightness)["ab"], network.run(lightness, some_hints(32, 32))["ab"], atol=1)


def test_weights_of_another_network_are_refused(tmp_path, siggraph17):
    with pytest.raises(NetworkError, match="holds weights of siggraph17, not of eccv16"):
        convert(siggraph17, "eccv16", tmp_path / "it.onnx")
    torch.save({"conv.weight": torch.ones(3)}, tmp_path / "other.pth")
    with pytest.raises(NetworkError, match="no network that is known"):
        convert(tmp_path / "other.pth", "eccv16", tmp_path / "it.onnx")
    with pytest.raises(UnknownNetworkError, match="choose one of eccv16"):
        convert(siggraph17, "siggraph18", tmp_path / "it.onnx")
    assert not (tmp_path / "it.onnx").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model3.2.bias": None}, "lacks model3.2.bias"),
        ({"model3.2.bias": np.ones(7, np.float32)}, "another shape of model3.2.bias"),
        ({"model11.0.weight": np.ones(7, np.float32)}, "has besides model11.0.weight"),
        ({"model3.2.bias": np.full(256, np.nan, np.float32)}, "model3.2.bias are no numbers"),
    ],
    ids=["missing", "misshapen", "left over", "no numbers"],
)
def test_damaged_weights_are_refused_and_nothing_is_written(tmp_path, change, message):
    weights = save_official("siggraph17", tmp_path / "weights.pth", **change)
    with pytest.raises(NetworkError, match=message):
        convert(weights, "siggraph17", tmp_path / "it.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["weights.pth"]


def test_a_target_that_cannot_be_written_is_said(tmp_path, siggraph17):
    with pytest.raises(OutputError, match="cannot be written"):
        convert(siggraph17, "siggraph17", tmp_path / "no folder" / "it.onnx")


def test_no_pytorch_is_needed(tmp_path, siggraph17):
    code = f"""
import sys
sys.modules["torch"] = sys.modules["onnx"] = sys.modules["safetensors"] = None  # importing them fails
from photochrom.inference.onnx_model import Network
from photochrom.inference.published.convert import convert
convert({str(siggraph17)!r}, "siggraph17", {str(tmp_path / "it.onnx")!r})
Network({str(tmp_path / "it.onnx")!r}, device="cpu")
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not tell how much was held")
def test_weights_are_never_held_as_a_whole(tmp_path, siggraph17):
    code = f"""
import re
from pathlib import Path
from photochrom.inference.published.convert import convert
convert({str(siggraph17)!r}, "siggraph17", {str(tmp_path / "it.onnx")!r})
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3], capture_output=True, text=True
    )
    assert int(done.stdout) * 1024 < siggraph17.stat().st_size


@pytest.mark.parametrize("kind", ["old", "new"])
def test_norms_fold_as_pytorch_applies_them(tmp_path, kind):
    torch.manual_seed(0)
    make = torch.nn.utils if kind == "old" else torch.nn.utils.parametrizations
    network = torch.nn.Sequential(
        make.spectral_norm(torch.nn.Conv2d(5, 7, 3)),
        make.weight_norm(torch.nn.Conv2d(7, 4, 1)),
        torch.nn.BatchNorm2d(4),
    )
    network(torch.rand(2, 5, 9, 9))  # finds singular vectors
    network.eval()
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    folded = fold_norms(read_weights(tmp_path / "weights.pth"))
    assert set(folded) == {
        "0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias", "2.running_mean", "2.running_var"
    }  # fmt: skip
    with torch.no_grad():
        network(torch.rand(1, 5, 9, 9))  # old spectral norm sets the weight when it is used
        for at in (0, 1):
            np.testing.assert_allclose(folded[f"{at}.weight"].read(), network[at].weight.numpy(), atol=1e-6)
