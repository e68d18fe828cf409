"""sRGB <-> CIELAB against scikit-image, exhaustively over 8 bits, and as laws over random colours."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.color import lab2rgb, rgb2lab

from photochrom.color.cielab import (
    gamut_scale,
    lab_to_linear,
    lab_to_rgb,
    lightness,
    linear_to_srgb,
    quantize,
    rgb_to_lab,
    srgb_to_linear,
    stack_lab,
)

EDGES = np.array(
    [[r, g, b] for r in (0, 1, 10, 11, 127, 254, 255) for g in (0, 1, 10, 128, 255) for b in (0, 1, 11, 255)],
    np.uint8,
)
LABS = hnp.arrays(np.float64, (7, 3), elements=st.floats(-128, 128)).map(
    lambda lab: np.concatenate([np.abs(lab[:, :1]) / 128 * 100, lab[:, 1:]], axis=1)
)


@pytest.mark.parametrize(
    "colors", [EDGES, np.random.default_rng(0).integers(0, 256, (100_000, 3), dtype=np.uint8)]
)
def test_agrees_with_scikit_image(colors):
    assert np.abs(rgb_to_lab(colors) - rgb2lab(colors)).max() < 1e-3
    assert np.abs(rgb_to_lab(colors / 255) - rgb2lab(colors)).max() < 1e-3
    lab = rgb2lab(colors)
    assert np.abs(lab_to_rgb(lab) - lab2rgb(lab)).max() < 1e-3


@pytest.mark.slow
def test_every_8_bit_color_survives_the_round_trip():
    green, blue = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8), indexing="ij")
    for red in range(256):
        colors = np.stack([np.full_like(green, red), green, blue], axis=-1)
        assert np.array_equal(quantize(lab_to_rgb(rgb_to_lab(colors)), np.uint8), colors), f"red {red}"


def test_16_bit_colors_survive_the_round_trip():
    colors = np.random.default_rng(1).integers(0, 65536, (50_000, 3), dtype=np.uint16)
    back = quantize(lab_to_rgb(rgb_to_lab(colors)), np.uint16).astype(int)
    assert np.abs(back - colors).max() <= 2  # float32 keeps 24 bits; 16 survive the powers but for the last


@pytest.mark.parametrize("axis", [-1, 1, 0])
@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32", "float64"])
def test_tensors_and_arrays_give_the_same(axis, kind):
    rng = np.random.default_rng(2)
    shape = [3, 3, 3, 50]
    shape[axis] = 3
    rgb = rng.random(shape)
    rgb = (rgb * np.iinfo(kind).max).astype(kind) if kind.startswith("u") else rgb.astype(kind)
    array, tensor = rgb_to_lab(rgb, axis=axis), rgb_to_lab(torch.from_numpy(rgb), axis=axis)
    assert isinstance(tensor, torch.Tensor)
    assert array.dtype == (np.float64 if kind == "float64" else np.float32)
    assert np.allclose(array, tensor.numpy(), atol=2e-3)
    back = lab_to_rgb(tensor, axis=axis)
    assert np.allclose(lab_to_rgb(array, axis=axis), back.numpy(), atol=1e-4)


def test_a_tensor_that_needs_gradients_gives_the_same_as_one_that_does_not():
    rgb = torch.rand(2, 3, 150, 130)
    assert torch.allclose(rgb_to_lab(rgb, axis=1), rgb_to_lab(rgb.clone().requires_grad_(), axis=1), atol=1e-3)


def test_large_arrays_go_in_blocks_with_the_same_result():
    rgb = np.random.default_rng(3).integers(0, 256, (2, 200, 211, 3), dtype=np.uint8)
    assert np.array_equal(rgb_to_lab(rgb)[1, 100:103], rgb_to_lab(np.ascontiguousarray(rgb[1, 100:103])))
    planar = np.ascontiguousarray(np.moveaxis(rgb, -1, 1))
    assert np.array_equal(np.moveaxis(rgb_to_lab(planar, axis=1), 1, -1), rgb_to_lab(rgb))


def test_lightness_is_the_first_channel():
    rgb = np.random.default_rng(4).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    assert np.allclose(lightness(rgb), rgb_to_lab(rgb)[..., 0], atol=1e-4)
    assert lightness(torch.from_numpy(rgb)).shape == (40, 30)


def test_grey_has_no_color_and_white_is_100():
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    lab = rgb_to_lab(grey)
    assert np.abs(lab[:, 1:]).max() < 0.02
    assert lab[255, 0] == pytest.approx(100, abs=1e-4)
    assert lab[0, 0] == pytest.approx(0, abs=1e-4)
    lab[:, 1:] = 0
    assert np.array_equal(quantize(lab_to_rgb(lab), np.uint8), grey)


@pytest.mark.parametrize("value", [0.0, 1e-12, 0.0031308, 0.008856, 0.04045, 0.5, 1.0])
def test_gradients_are_finite_everywhere(value):
    rgb = torch.full((1, 3, 2, 2), value, requires_grad=True)
    rgb_to_lab(rgb, axis=1).sum().backward()
    assert torch.isfinite(rgb.grad).all()
    lab = torch.tensor([[value * 100, 0.0, 0.0], [value * 100, 120.0, -90.0]], requires_grad=True)
    lab_to_rgb(lab).sum().backward()
    assert torch.isfinite(lab.grad).all()


def test_gradients_are_the_true_ones():
    lab = torch.tensor([[50.0, 10.0, -20.0], [70.0, -15.0, 30.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lab_to_rgb, (lab,))
    rgb = torch.tensor([[0.2, 0.5, 0.9], [0.01, 0.3, 0.002]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(rgb_to_lab, (rgb,))


@given(LABS)
@settings(max_examples=200, deadline=None)
def test_colors_out_of_gamut_keep_lightness_and_hue_and_lose_chroma(lab):
    rgb = lab_to_rgb(lab)
    assert np.isfinite(rgb).all()
    assert rgb.min() >= 0
    assert rgb.max() <= 1
    back = rgb_to_lab(rgb)
    assert np.abs(back[:, 0] - lab[:, 0]).max() < 0.1
    before, after = np.hypot(lab[:, 1], lab[:, 2]), np.hypot(back[:, 1], back[:, 2])
    assert (after <= before + 0.05).all()
    # The hue angle means something where there is chroma left to see.
    colored = after > 1
    turned = np.arctan2(back[:, 2], back[:, 1]) - np.arctan2(lab[:, 2], lab[:, 1])
    assert (np.abs(np.sin(turned[colored])) < 0.05).all()


@given(hnp.arrays(np.float64, (9, 3), elements=st.floats(0, 1)))
@settings(max_examples=100, deadline=None)
def test_colors_inside_the_gamut_are_left_alone(rgb):
    lab = rgb_to_lab(rgb)
    assert (gamut_scale(lab) == 1).all()
    assert np.allclose(lab_to_rgb(lab), rgb, atol=1e-4)


def test_the_gamut_scale_reaches_the_gamut_s_border():
    lab = np.array([[60.0, 100.0, 100.0], [30.0, -100.0, 0.0], [90.0, 0.0, -100.0]])
    scale = gamut_scale(lab)
    assert ((scale > 0) & (scale < 1)).all()
    beyond = np.concatenate([lab[:, :1], lab[:, 1:] * scale * 1.01], axis=1)
    linear = lab_to_linear(beyond)
    assert ((linear < 0).any(axis=1) | (linear > 1).any(axis=1)).all()


def test_the_gamut_scale_is_that_of_many_halvings():
    rng = np.random.default_rng(7)
    lab = np.stack([rng.uniform(1, 99, 20_000), *rng.normal(0, 50, (2, 20_000))], axis=1)

    def fits(share):
        linear = lab_to_linear(np.concatenate([lab[:, :1], lab[:, 1:] * share[:, None]], axis=1))
        return ((linear >= -1e-5) & (linear <= 1 + 1e-5)).all(axis=1)

    low, high = np.zeros(len(lab)), np.ones(len(lab))
    for _ in range(40):
        middle = (low + high) / 2
        inside = fits(middle)
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    scale = gamut_scale(lab)[:, 0]
    assert fits(scale).all()
    off = (np.where(fits(np.ones(len(lab))), 1, low) - scale) * np.hypot(lab[:, 1], lab[:, 2])
    assert np.quantile(off, 0.99) < 0.06  # the tolerance of 1e-5 is worth that much near the dark corners
    assert off.max() < 0.3


def test_white_and_black_have_no_room_for_chroma():
    lab = np.array([[100.0, 3.0, 5.0], [0.0, 3.0, 5.0], [100.0, 0.0, 0.0]])
    assert (gamut_scale(lab)[:2] == 0).all()
    assert quantize(lab_to_rgb(lab), np.uint8).tolist() == [[255] * 3, [0] * 3, [255] * 3]


def test_no_gradient_flows_through_the_gamut_scale():
    lab = torch.tensor([[50.0, 150.0, 0.0]], requires_grad=True)
    assert not gamut_scale(lab).requires_grad


def test_transfer_curves_undo_each_other():
    values = np.linspace(0, 1, 4001)
    assert np.allclose(linear_to_srgb(srgb_to_linear(values)), values, atol=1e-6)


def test_stacking_puts_lightness_before_ab():
    light, ab = np.full((4, 5), 50.0), np.zeros((4, 5, 2))
    assert stack_lab(light, ab).shape == (4, 5, 3)
    assert stack_lab(light[..., None], ab)[0, 0].tolist() == [50, 0, 0]
    assert stack_lab(torch.zeros(2, 1, 4, 5), torch.ones(2, 2, 4, 5), axis=1).shape == (2, 3, 4, 5)


def test_wrong_input_is_refused():
    with pytest.raises(TypeError, match="uint8, uint16 or float"):
        rgb_to_lab(np.zeros((2, 3), np.int32))
    with pytest.raises(ValueError, match="three channels"):
        rgb_to_lab(np.zeros((3, 4, 4)))


def test_half_precision_is_widened():
    rgb = np.random.default_rng(6).random((300, 80, 3))
    for narrow in (rgb.astype(np.float16), torch.from_numpy(rgb).to(torch.bfloat16)):
        lab = rgb_to_lab(narrow)
        assert lab.dtype in (np.float32, torch.float32)
        wide = np.asarray(torch.as_tensor(narrow).to(torch.float64))
        assert np.abs(np.asarray(lab) - rgb_to_lab(wide)).max() < 1e-3
