"""ONNX files of others: recognised by inputs and outputs, used as they are, and refused where they are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from photochrom.cli.main import main
from photochrom.color.cielab import lab_to_rgb, rgb_to_lab
from photochrom.colorizer import Colorizer
from photochrom.errors import CapabilityError, NetworkError
from photochrom.hints import Hint
from photochrom.inference.onnx_model import Network
from photochrom.options import Options

Export = Callable[..., Path]


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """Write a file as others export theirs: a 1×1 convolution of the inputs side by side, with an activation."""

    def write(
        channels: Sequence[int],
        weights: Sequence[Sequence[float]],
        bias: Sequence[float],
        *,
        side: int | str = "side",
        batch: int | str = 1,
        kind: int = TensorProto.FLOAT,
        end: str = "Identity",
        outputs: int | str | None = None,
    ) -> Path:
        names = [f"input_{number}" for number in range(len(channels))]
        sides = [side, side] if isinstance(side, int) else ["height", "width"]
        dtype = helper.tensor_dtype_to_np_dtype(kind)
        kernel = np.array(weights, dtype).reshape(len(bias), sum(channels), 1, 1)
        graph = helper.make_graph(
            [
                helper.make_node("Concat", names, ["together"], axis=1),
                helper.make_node("Conv", ["together", "w", "b"], ["raw"]),
                helper.make_node(end, ["raw"], ["output"]),
            ],
            "export",
            [
                helper.make_tensor_value_info(n, kind, [batch, c, *sides])
                for n, c in zip(names, channels, strict=True)
            ],
            [helper.make_tensor_value_info("output", kind, [batch, outputs or len(bias), *sides])],
            [numpy_helper.from_array(kernel, "w"), numpy_helper.from_array(np.array(bias, dtype), "b")],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.save(model, tmp_path / "export.onnx")
        return tmp_path / "export.onnx"

    return write


def ddcolor(export: Export, **options: Any) -> Path:
    """Its a is 30 times the grey value 0..1, its b 10 more."""
    return export([3], [[10, 10, 10], [10, 10, 10]], [0, 10], **options)


def deoldify(export: Export, **options: Any) -> Path:
    """It adds 40 to red and takes 20 from blue, of 255."""
    return export([3], [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [40, 0, -20], **options)


def slope(height: int, width: int) -> np.ndarray[Any, Any]:
    plane = np.add.outer(np.linspace(20, 50, height), np.linspace(0, 30, width))
    return plane.astype(np.float32)[None, None]


def grey_of(lightness: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    lab = np.concatenate([lightness, 0 * lightness, 0 * lightness], axis=1)
    return lab_to_rgb(lab, axis=1)[:, :1]


@pytest.mark.parametrize(
    "options", [{}, {"batch": "n"}, {"side": 64}, {"kind": TensorProto.FLOAT16}, {"outputs": "c"}]
)
def test_ddcolor_is_given_grey_srgb_and_gives_a_b(export: Export, options: dict[str, Any]) -> None:
    network = Network(ddcolor(export, **options))
    assert network.card.preprocessing.startswith("DDColor: takes grey sRGB 0..1")
    assert network.card.input_size == (64 if "side" in options else 512)
    assert (network.card.inputs, network.card.outputs) == (("lightness",), ("ab",))
    lightness = np.concatenate([slope(64, 64), slope(64, 64)[:, :, ::-1]])
    ab = network.run(lightness)["ab"]
    expected = 30 * grey_of(lightness)
    tolerance = 0.05 if "kind" in options else 1e-3
    np.testing.assert_allclose(ab, np.concatenate([expected, expected + 10], axis=1), atol=tolerance)


def test_deoldify_is_given_0_to_255_and_its_chroma_is_used_with_the_photo_s_luma(export: Export) -> None:
    network = Network(deoldify(export))
    assert network.card.preprocessing.startswith("DeOldify: takes grey sRGB 0..255")
    lightness = slope(32, 64)
    ab = network.run(lightness)["ab"]
    rgb = np.repeat(grey_of(lightness), 3, axis=1) + np.array([40, 0, -20]).reshape(1, 3, 1, 1) / 255
    rgb -= (0.299 * 40 - 0.114 * 20) / 255  # what its colours add to the luma
    np.testing.assert_allclose(ab, rgb_to_lab(rgb, axis=1)[:, 1:], atol=1e-3)


def test_zhang_s_lightness_and_a_b_may_be_normalized(export: Export) -> None:
    lightness = slope(32, 32)
    plain = Network(export([1], [[0.5], [-0.5]], [1, 2]))
    assert "lightness 0..100 and gives a, b" in plain.card.preprocessing
    np.testing.assert_allclose(
        plain.run(lightness)["ab"], np.concatenate([lightness / 2 + 1, 2 - lightness / 2], axis=1), atol=1e-3
    )
    normalized = Network(export([1], [[1], [-1]], [0.1, 0.2], end="Tanh"))
    assert "(lightness - 50) / 100" in normalized.card.preprocessing
    scaled = (lightness - 50) / 100
    expected = 110 * np.tanh(np.concatenate([scaled + 0.1, 0.2 - scaled], axis=1))
    np.testing.assert_allclose(normalized.run(lightness)["ab"], expected, atol=1e-3)


@pytest.mark.parametrize("end", ["Identity", "Tanh"])
def test_zhang_s_of_2017_takes_hints(export: Export, end: str) -> None:
    scale = 110 if end == "Tanh" else 1
    network = Network(export([1, 2, 1], [[0.1, 1, 0, 0], [0.1, 0, 1, 0.2]], [0, 0], end=end))
    assert network.card.inputs == ("lightness", "hints")
    lightness, hints = np.full((1, 1, 8, 8), 50, np.float32), np.zeros((1, 3, 8, 8), np.float32)
    hints[0, :, 2, 3] = 22, -33, 1
    ab = network.run(lightness, hints)["ab"]
    base = network.run(lightness)["ab"]
    if end == "Identity":
        np.testing.assert_allclose(ab[0, :, 2, 3] - base[0, :, 2, 3], [22, -32.8], atol=1e-3)
    else:
        np.testing.assert_allclose(ab[0, :, 2, 3], scale * np.tanh([0.2, -0.3 + 0.2]), atol=1e-3)
    np.testing.assert_array_equal(np.delete(ab, 2, axis=2), np.delete(base, 2, axis=2))


def test_a_fixed_square_serves_photos_of_any_shape(export: Export, grey: np.ndarray[Any, Any]) -> None:
    """Of a 1×1 convolution the colours follow the photo's own lightness, wherever it was moved meanwhile."""
    network = Network(ddcolor(export, side=64))
    for height, width in ((64, 64), (40, 90), (90, 40), (20, 200), (200, 20), (1, 300), (1, 1)):
        lightness = slope(height, width)
        ab = network.run(lightness)["ab"]
        assert ab.shape == (1, 2, height, width)
        assert np.abs(ab[:, :1] - 30 * grey_of(lightness)).max() < 1.5, (height, width)
    assert Colorizer(network)(grey).to_numpy().shape == (40, 60, 3)


def test_no_aspect_is_changed_by_more_than_two(tmp_path: Path, export: Export) -> None:
    from photochrom.inference.published.foreign import _inset

    for photo in ((10, 1000), (1000, 10), (64, 64), (1, 60_000), (64, 129)):
        inner, margins = _inset(photo, (64, 64))
        full = tuple(used + sum(margin) for used, margin in zip(inner, margins[2:], strict=True))
        assert full == (64, 64)
        stretch = (photo[1] / photo[0]) / (inner[1] / inner[0])
        assert min(inner) == 1 or 0.45 < stretch < 2.2


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(height=st.integers(1, 70), width=st.integers(1, 70), side=st.sampled_from([32, 48, "side"]))
def test_colours_of_one_lightness_are_one_colour_at_any_size(
    export: Export, height: int, width: int, side: int | str
) -> None:
    lightness = np.full((2, 1, height, width), 70, np.float32)
    ab = Network(ddcolor(export, side=side)).run(lightness)["ab"]
    assert ab.shape == (2, 2, height, width)
    np.testing.assert_allclose(ab[:, :1], 30 * grey_of(lightness), atol=1e-3)


def test_what_a_file_of_others_lacks_is_refused(export: Export, grey: np.ndarray[Any, Any]) -> None:
    colorizer = Colorizer(ddcolor(export, side=64))
    with pytest.raises(CapabilityError, match=r"takes no vividness; leave it out, strengthen .* by saturation"):
        colorizer(grey, vividness=1)
    assert np.any(colorizer(grey, hints=[Hint(0.5, 0.5, (10, 20))]).pixels != colorizer(grey).pixels)
    twice = colorizer.open(grey)
    np.testing.assert_allclose(
        twice.ab(Options(saturation=2)), 2 * twice.ab(Options(saturation=1)), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize(
    ("channels", "outputs", "options"),
    [
        ([4], 2, {}),
        ([1], 1, {}),
        ([1], 3, {}),
        ([3], 4, {}),
        ([1, 1], 2, {}),
        ([3], 2, {"batch": 2}),
    ],
)
def test_anything_else_is_refused_with_what_it_is_and_what_would_do(
    export: Export, channels: list[int], outputs: int, options: dict[str, Any]
) -> None:
    path = export(channels, [[0.1] * sum(channels)] * outputs, [5.0] * outputs, **options)
    with pytest.raises(NetworkError) as caught:
        Network(path)
    text = str(caught.value)
    assert "carries no photochrom card" in text
    assert "input_0" in text
    assert "lightness float32 [N,1,H,W] in 0..100 to ab float32 [N,2,H,W] in CIELAB units" in text


def test_rgb_of_another_range_than_0_to_255_is_not_guessed_at(export: Export) -> None:
    with pytest.raises(NetworkError, match="no export of DDColor's, DeOldify's or Zhang's"):
        Network(export([3], [[0.001] * 3] * 3, [0, 0, 0], end="Tanh"))


def test_show_says_how_a_file_is_read(export: Export, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["networks", "show", str(ddcolor(export, side=64))]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for part in (
        "A network of others without a card, read as an export of DDColor's",
        "inside DDColor: takes grey sRGB 0..1 and gives a, b; of 64×64 pixels, to which photos are resized",
        "parameters unknown",
        "licence unknown",
    ):
        assert part in shown
