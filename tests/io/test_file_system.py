"""What the file system may do to a photo on its way: paths, permissions, names and full disks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.check import silent
from fuzz.seeds import make_seeds
from photochrom.colorizer import Colorizer
from photochrom.errors import PhotoError
from photochrom.io.picture import Picture

SEEDS = make_seeds()


@pytest.fixture(scope="module")
def colorizer(tint: Path) -> Colorizer:
    return Colorizer(tint, device="cpu", threads=1)


def test_paths_that_lead_to_no_photo(colorizer: Colorizer, tmp_path: Path) -> None:
    folder = tmp_path / "x.jpg"
    folder.mkdir()
    loop = tmp_path / "loop.jpg"
    loop.symlink_to(tmp_path / "pool.jpg")
    (tmp_path / "pool.jpg").symlink_to(loop)
    dangling = tmp_path / "dangling.jpg"
    dangling.symlink_to(tmp_path / "nowhere.jpg")
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    empty = tmp_path / "empty.jpg"
    empty.touch()
    for path, message in {
        folder: "is a folder, not a photo",
        loop: "cannot be read (Too many levels of symbolic links)",
        dangling: "there is no such file",
        pipe: "is no regular file",
        empty: "is empty (0 bytes)",
        tmp_path / "missing.jpg": "there is no such file",
        empty / "inside.jpg": "cannot be read (Not a directory)",
    }.items():
        target = tmp_path / "result.png"
        with pytest.raises(PhotoError) as caught, silent(tmp_path / "said") as said:
            colorizer.open(path).save(target)
        assert str(caught.value).startswith(f"{path}: {message}"), caught.value
        assert "\n" not in str(caught.value)
        assert not said
        assert not list(tmp_path.glob("*result*")) + list(tmp_path.glob(".photochrom*"))


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="permissions are of another kind here")
def test_a_photo_that_may_not_be_read(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(SEEDS["png-rgb"])
    photo.chmod(0)
    user = os.geteuid()
    try:
        if user == 0:  # who may read anything
            os.seteuid(65_534)
        with pytest.raises(PhotoError, match=r"photo\.png: cannot be read; check its permissions"):
            Picture.read(photo)
    finally:
        os.seteuid(user)


@pytest.mark.skipif(os.name == "nt", reason="names are bytes on POSIX only")
def test_a_name_that_is_not_utf8_is_colorized(colorizer: Colorizer, tmp_path: Path) -> None:
    photo, result = (Path(os.fsdecode(os.fsencode(tmp_path) + name)) for name in (b"/caf\xe9.png", b"/r\xe9.jpg"))
    try:
        photo.write_bytes(SEEDS["png-rgb"])
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    colorizer.open(photo).save(result)
    assert Picture.read(result).width == 40


_FULL_DISK = """
import resource, signal, sys
from io import BytesIO
from pathlib import Path
import numpy as np
from PIL import Image
from photochrom.colorizer import Colorizer
from photochrom.errors import OutputError, PhotoError
from photochrom.io.picture import Picture

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
network, folder = sys.argv[1], Path(sys.argv[2])
pixels = np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8)
photo = Picture.from_array(pixels).save(folder / "photo.png")
turned, exif = BytesIO(), Image.Exif()
exif[274] = 6
Image.fromarray(pixels).save(turned, "JPEG", exif=exif)
colorizer = Colorizer(network, device="cpu", threads=1)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # what a full disk looks like to a program
for suffix in (".jpg", ".png", ".tif", ".webp", ".avif", ".bmp"):
    try:
        colorizer.open(photo).save(folder / f"result{suffix}")
    except OutputError as error:
        assert str(error).startswith(f"{folder}/result{suffix}: ") and "disk" in str(error), error
        assert "\\n" not in str(error), error
    else:
        raise AssertionError(suffix)
    assert [file.name for file in folder.iterdir()] == ["photo.png"], suffix

try:
    colorizer.open(turned.getvalue()).save(folder / "result.png")
except PhotoError as error:
    assert "the disk of temporary files is full; free some of" in str(error), error
else:
    raise AssertionError("turned without room")
assert [file.name for file in folder.iterdir()] == ["photo.png"]
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_disk_that_fills_up_leaves_nothing(tint: Path, tmp_path: Path) -> None:
    # From so many bytes on libvips turns photos on the disk.
    photos, temporary = tmp_path / "photos", tmp_path / "temporary"
    for folder in (photos, temporary):
        folder.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary), "VIPS_DISC_THRESHOLD": "1000"}
    command = [sys.executable, "-c", _FULL_DISK, str(tint), str(photos)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    assert not list(temporary.glob("vips*"))
