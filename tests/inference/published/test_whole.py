"""One network of each family, from its authors' file to photos in colour: fidelity and folders."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from skimage.color import rgb2lab

from photochrom.cli.main import main
from photochrom.inference.published import PUBLISHED
from published_weights import save_official

FAMILIES = ("eccv16", "siggraph17", "ddcolor-tiny", "deoldify-artistic")
HEIGHT, WIDTH = 4000, 6000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with little in it when the test is over, for what the test makes is large."""
    monkeypatch.setenv("PHOTOCHROM_HOME", str(tmp_path / "home"))
    yield tmp_path
    shutil.rmtree(tmp_path)


def write_large(path: Path) -> np.ndarray:
    """Write a photo of 24 megapixels with what a scan carries; give its pixels."""
    rows, columns = np.ogrid[:HEIGHT, :WIDTH]
    grey = ((rows // 7 * 3 + columns // 5) % 200 + 28).astype(np.uint8)
    exif = PIL.Image.Exif()
    exif[0x010F], exif[0x013B] = "Zeiss Ikon", "Zoe Mueller"
    PIL.Image.fromarray(grey).save(path, exif=exif, dpi=(600, 600))
    return grey


@pytest.mark.parametrize("name", FAMILIES)
def test_a_large_scan_and_a_folder_that_goes_on(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = save_official(PUBLISHED[name].architecture, folder / "weights.pth")
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    published = replace(PUBLISHED[name], sha256=digest, size=weights.stat().st_size)
    monkeypatch.setitem(PUBLISHED, name, published)
    assert main(["networks", "pull", name, "--from", str(weights), "--quiet"]) == 0
    (folder / "photos").mkdir()
    grey = write_large(folder / "photos" / "scan.tif")
    # Small, for random colours are as good as others, and this is about what stands around them.
    command = ["colorize", "-j1", str(folder / "photos"), "-o", str(folder / "out"), "--network", name]
    command += ["--network-size", "64"]
    assert main(command) == 0
    assert "1 colorized" in capsys.readouterr().out

    with PIL.Image.open(folder / "out" / "scan.tif") as result:
        assert (result.size, result.mode) == ((WIDTH, HEIGHT), "RGB")
        exif = result.getexif()
        assert (exif[0x010F], exif[0x013B], result.info["dpi"]) == ("Zeiss Ikon", "Zoe Mueller", (600, 600))
        rgb = np.asarray(result)[::100]
    lab, own = rgb2lab(rgb), rgb2lab(np.repeat(grey[::100, :, None], 3, axis=2))
    assert np.abs(lab[..., 0] - own[..., 0]).max() < 0.5  # as near as whole numbers of 0..255 come
    assert np.abs(lab[..., 0] - own[..., 0]).mean() < 0.15
    assert np.hypot(lab[..., 1], lab[..., 2]).mean() > 5

    for number in (1, 2):
        PIL.Image.fromarray(grey[: 60 * number, :90]).save(folder / "photos" / f"{number}.png")
    assert main(command) == 0
    assert "2 colorized, 1 skipped (1 done already)" in capsys.readouterr().out
