import importlib
import math
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from photochrom.color.cielab import rgb_to_lab
from photochrom.evaluation.metrics import PSNR_CAP, ab_error, ciede2000, colorfulness, photo_scores, psnr, ssim

pictures = arrays(np.uint8, (9, 11, 3))


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    smooth = np.linspace(0, 200, 64)[:, None, None] + random.uniform(0, 55, (64, 48, 3))
    other = np.clip(smooth + random.normal(0, 12, smooth.shape), 0, 255)
    return smooth.astype(np.uint8), other.astype(np.uint8)


def test_psnr_is_scikit_image_s(pair):
    assert psnr(*pair) == pytest.approx(peak_signal_noise_ratio(*pair), abs=1e-4)


def test_ssim_is_scikit_image_s(pair):
    assert ssim(*pair) == pytest.approx(structural_similarity(*pair, channel_axis=-1, data_range=255), abs=1e-9)


def needed(module):
    """Import what CI installs: there, its absence is a failure and not a skip."""
    return importlib.import_module(module) if os.environ.get("CI") else pytest.importorskip(module)


def test_ssim_is_torchmetrics_s_with_a_uniform_window(pair):
    torchmetrics = needed("torchmetrics.functional.image")
    import torch

    one, other = (torch.tensor(picture).permute(2, 0, 1)[None].double() for picture in pair)
    # Its uniform window takes covariances without Bessel's correction: on 49 pixels a small difference.
    theirs = torchmetrics.structural_similarity_index_measure(
        one, other, gaussian_kernel=False, kernel_size=7, data_range=255.0
    )
    assert ssim(*pair) == pytest.approx(float(theirs), abs=0.01)


def test_ciede2000_is_scikit_image_s(pair):
    one, other = (rgb2lab(picture) for picture in pair)
    assert np.abs(ciede2000(one, other) - deltaE_ciede2000(one, other)).max() < 1e-9
    single = ciede2000(one.astype(np.float32), other.astype(np.float32))
    assert single.dtype == np.float32
    assert np.abs(single - deltaE_ciede2000(one, other)).max() < 1e-3


# Sharma, Wu and Dalal 2005, table 1.
SHARMA = """
50 2.6772 -79.7751 50 0 -82.7485 2.0425
50 3.1571 -77.2803 50 0 -82.7485 2.8615
50 2.8361 -74.0200 50 0 -82.7485 3.4412
50 -1.3802 -84.2814 50 0 -82.7485 1.0000
50 -1.1848 -84.8006 50 0 -82.7485 1.0000
50 -0.9009 -85.5211 50 0 -82.7485 1.0000
50 0 0 50 -1 2 2.3669
50 -1 2 50 0 0 2.3669
50 2.4900 -0.0010 50 -2.4900 0.0009 7.1792
50 2.4900 -0.0010 50 -2.4900 0.0010 7.1792
50 2.4900 -0.0010 50 -2.4900 0.0011 7.2195
50 2.4900 -0.0010 50 -2.4900 0.0012 7.2195
50 -0.0010 2.4900 50 0.0009 -2.4900 4.8045
50 -0.0010 2.4900 50 0.0011 -2.4900 4.7461
50 2.5 0 50 0 -2.5 4.3065
50 2.5 0 73 25 -18 27.1492
50 2.5 0 61 -5 29 22.8977
50 2.5 0 56 -27 -3 31.9030
50 2.5 0 58 24 15 19.4535
50 2.5 0 50 3.1736 0.5854 1.0000
50 2.5 0 50 3.2972 0 1.0000
50 2.5 0 50 1.8634 0.5757 1.0000
50 2.5 0 50 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
50 -0.0010 2.4900 50 0.0010 -2.4900 4.8045
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""


def test_ciede2000_of_the_published_pairs():
    table = np.array([line.split() for line in SHARMA.strip().splitlines()], float)
    assert np.abs(ciede2000(table[:, :3], table[:, 3:6]) - table[:, 6]).max() < 1e-4


def test_a_photo_against_itself(pair):
    photo = pair[0]
    scores = photo_scores(photo, photo)
    assert scores["psnr"] == PSNR_CAP
    assert scores["ssim"] == pytest.approx(1)
    assert scores["ciede2000"] == scores["ciede2000_p95"] == scores["ab_error"] == 0


def test_one_changed_pixel():
    photo = np.full((10, 10, 3), 100, np.uint8)
    changed = photo.copy()
    changed[4, 4, 1] += 30
    assert psnr(changed, photo) == pytest.approx(10 * math.log10(255**2 * 300 / 900))
    scores = photo_scores(changed, photo)
    one_lab = rgb_to_lab(changed)[4, 4] - rgb_to_lab(photo)[4, 4]
    assert scores["ab_error"] == pytest.approx(math.hypot(*one_lab[1:]) / 100, rel=1e-4)
    assert scores["ciede2000_p95"] == 0  # one of a hundred pixels


def test_grey_against_colour():
    red = np.full((8, 8, 3), (200, 40, 40), np.uint8)
    _, a, b = rgb_to_lab(red)[0, 0].tolist()
    grey = rgb_to_lab(red) * np.array([1, 0, 0], np.float32)
    assert ab_error(grey, rgb_to_lab(red)) == pytest.approx(math.hypot(a, b), rel=1e-5)
    assert colorfulness(red, signed=True) == pytest.approx(0.3 * math.hypot(160, 80))


def test_the_two_forms_of_colorfulness_part_where_opponents_have_both_signs():
    half = np.zeros((4, 4, 3), np.uint8)
    half[:2], half[2:] = (100, 0, 50), (0, 100, 50)  # R - G is 100 and -100, (R + G)/2 - B is 0
    assert colorfulness(half, signed=True) == pytest.approx(100)  # spread alone: the mean is 0
    assert colorfulness(half, signed=False) == pytest.approx(0.3 * 100)  # mean alone: the spread is 0
    grey = np.full((4, 4, 3), 77, np.uint8)
    assert colorfulness(grey, signed=True) == colorfulness(grey, signed=False) == 0


@settings(max_examples=40)
@given(pictures, pictures)
def test_the_order_of_two_pictures_does_not_matter(one, other):
    assert psnr(one, other) == pytest.approx(psnr(other, one))
    assert ssim(one, other) == pytest.approx(ssim(other, one))
    labs = rgb_to_lab(one).astype(float), rgb_to_lab(other).astype(float)
    assert np.allclose(ciede2000(*labs), ciede2000(*labs[::-1]), atol=1e-6)
    assert ssim(one, other) <= 1 + 1e-12
    assert (ciede2000(*labs) >= 0).all()


@settings(max_examples=40)
@given(pictures, st.randoms(use_true_random=False))
def test_colorfulness_does_not_depend_on_where_pixels_are(picture, random):
    pixels = picture.reshape(-1, 3).tolist()
    random.shuffle(pixels)
    moved = np.array(pixels, np.uint8).reshape(picture.shape)
    for signed in (True, False):
        assert colorfulness(moved, signed=signed) == pytest.approx(colorfulness(picture, signed=signed), abs=1e-3)


def test_pictures_that_cannot_be_compared():
    with pytest.raises(ValueError, match="cannot be compared"):
        psnr(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8))
    with pytest.raises(ValueError, match="7×7"):
        ssim(np.zeros((6, 9, 3), np.uint8), np.zeros((6, 9, 3), np.uint8))
