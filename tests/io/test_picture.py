from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from photochrom.color.cielab import lightness
from photochrom.errors import OutputError, PhotoError
from photochrom.io.picture import Picture

arrays = st.one_of(
    [
        hnp.arrays(dtype, st.tuples(*[st.integers(1, 20)] * 2, *channels))
        for dtype in (np.uint8, np.uint16)
        for channels in ([], *[[st.just(count)] for count in (1, 2, 3, 4)])
    ]
)
in_one_folder = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(arrays)
@in_one_folder
def test_an_array_survives_png_and_tiff_bit_for_bit(tmp_path: Path, array: np.ndarray) -> None:
    for suffix in (".png", ".tif"):
        read = Picture.read(Picture.from_array(array).save(tmp_path / f"photo{suffix}", overwrite=True))
        squeezed = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
        assert read.pixels.dtype == array.dtype
        assert np.array_equal(read.to_numpy(), squeezed)
        assert np.array_equal(Picture.from_array(array).to_numpy(), squeezed)


@given(arrays)
@settings(deadline=None, max_examples=40)
def test_lightness_is_that_of_the_colours(array: np.ndarray) -> None:
    picture = Picture.from_array(array)
    found = picture.lightness()
    assert (found.dtype, found.shape) == (np.float32, (picture.height, picture.width))
    assert np.allclose(found, lightness(np.broadcast_to(picture.pixels, (*found.shape, 3))), atol=1e-3)
    assert np.array_equal(picture.lightness(slice(1, 3)), found[1:3])


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floats_keep_more_than_8_bits(kind: type) -> None:
    assert Picture.from_array(np.array([[0.0, 0.5, 1.0]], kind)).pixels.ravel().tolist() == [0, 32768, 65535]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(5, np.uint8), "shape"),
        (np.zeros((4, 4, 5), np.uint8), "shape"),
        (np.zeros((0, 4), np.uint8), "no pixels"),
        (np.array([[0.5, np.nan]]), "NaN"),
        (np.array([[0.5, np.inf]]), "NaN or infinity"),
        (np.array([[0.0, 200.0]]), "from 0 to 200"),
        (np.array([[-0.5, 0.5]]), "from -0.5"),
        (np.zeros((4, 4), np.int64), "int64"),
        (np.zeros((4, 4), bool), "bool"),
        (np.array([["a"]]), "is no photo"),
    ],
)
def test_what_is_no_picture_is_refused(array: np.ndarray, message: str) -> None:
    with pytest.raises(PhotoError, match=message) as caught:
        Picture.from_array(array)
    assert "\n" not in str(caught.value)


def test_an_array_is_copied(grey: np.ndarray) -> None:
    picture = Picture.from_array(grey)
    before = picture.to_numpy()
    grey[:] = 0
    picture.to_numpy()[:] = 7
    assert np.array_equal(picture.to_numpy(), before)


def photo_with_metadata(path: Path, grey: np.ndarray, **options: Any) -> Path:
    exif = PIL.Image.Exif()
    exif[0x0110] = "Leica II"  # Model
    exif[0x0112] = 6  # Orientation: turned by 90°
    exif.get_ifd(0x8769)[0x9003] = "1936:05:01 12:00:00"  # DateTimeOriginal
    PIL.Image.fromarray(grey).save(path, exif=exif, dpi=(300, 300), **options)
    return path


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("target", [".jpg", ".png", ".webp"])
def test_exif_and_resolution_survive(tmp_path: Path, grey: np.ndarray, suffix: str, target: str) -> None:
    picture = Picture.read(photo_with_metadata(tmp_path / f"photo{suffix}", grey))
    assert picture.pixels.shape == (60, 40, 1)  # upright
    assert picture.format == suffix
    with PIL.Image.open(picture.save(tmp_path / f"result{target}")) as image:
        assert image.size == (40, 60)
        exif = image.getexif()
        assert exif[0x0110] == "Leica II"
        assert exif.get(0x0112, 1) == 1
        assert exif.get_ifd(0x8769)[0x9003] == "1936:05:01 12:00:00"
        if target != ".webp":
            assert image.info["dpi"] == pytest.approx((300, 300), abs=0.5)


def test_an_embedded_thumbnail_is_not_kept_because_it_is_grey(tmp_path: Path, grey: np.ndarray) -> None:
    thumbnail = BytesIO()
    PIL.Image.fromarray(grey).resize((16, 16)).save(thumbnail, "JPEG")
    exif = PIL.Image.Exif()
    exif[0x0110] = "Leica II"
    block = exif.tobytes()  # "Exif\0\0", then a TIFF header whose first directory has no second one behind it yet
    tiff = block[6:] if block.startswith(b"Exif") else block
    order: Any = "little" if tiff[:2] == b"II" else "big"
    first = int.from_bytes(tiff[4:8], order)
    link = first + 2 + 12 * int.from_bytes(tiff[first : first + 2], order)
    second = len(tiff)
    start = second + 2 + 12 * 2 + 4
    entries = [(0x0201, start), (0x0202, len(thumbnail.getvalue()))]  # where the JPEG lies, and how long it is
    directory = len(entries).to_bytes(2, order)
    for tag, value in entries:
        parts = (tag.to_bytes(2, order), (4).to_bytes(2, order), (1).to_bytes(4, order), value.to_bytes(4, order))
        directory += b"".join(parts)
    tiff = tiff[:link] + second.to_bytes(4, order) + tiff[link + 4 :] + directory + bytes(4) + thumbnail.getvalue()
    PIL.Image.fromarray(grey).save(tmp_path / "photo.jpg", exif=b"Exif\0\0" + tiff)
    assert thumbnail.getvalue() in (tmp_path / "photo.jpg").read_bytes()
    result = Picture.read(tmp_path / "photo.jpg").save(tmp_path / "result.jpg")
    assert b"Leica II" in result.read_bytes()
    assert result.read_bytes().count(b"\xff\xd8\xff") == 1  # one JPEG, and none inside it


def test_pillow_images_bring_their_exif(tmp_path: Path, grey: np.ndarray) -> None:
    with PIL.Image.open(photo_with_metadata(tmp_path / "photo.jpg", grey)) as image:
        picture = Picture.from_pil(image)
    assert (picture.width, picture.height, picture.format) == (40, 60, ".jpg")
    with PIL.Image.open(picture.save(tmp_path / "result.jpg")) as image:
        assert image.getexif()[0x0110] == "Leica II"


def test_a_profile_is_applied_and_srgb_written(tmp_path: Path, grey: np.ndarray) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    PIL.Image.fromarray(grey).convert("RGB").save(tmp_path / "photo.png", icc_profile=profile)
    picture = Picture.read(tmp_path / "photo.png")
    assert picture.metadata.profile
    assert np.abs(picture.pixels[..., 0].astype(int) - grey).max() <= 1
    with PIL.Image.open(picture.save(tmp_path / "result.jpg")) as image:
        assert image.info["icc_profile"]


def test_other_colour_spaces_become_srgb(tmp_path: Path) -> None:
    grey = PIL.Image.new("RGB", (30, 20), (128, 128, 128))
    grey.convert("CMYK").save(tmp_path / "cmyk.jpg")
    grey.quantize(4).save(tmp_path / "palette.png")
    grey.convert("L").save(tmp_path / "grey.gif")
    for name, most in {"cmyk.jpg": 40, "palette.png": 0, "grey.gif": 0}.items():
        pixels = Picture.read(tmp_path / name).pixels  # CMYK without a profile can only be guessed at
        assert pixels.shape == (20, 30, 3)
        assert np.abs(pixels.astype(int) - 128).max() <= most, name


@pytest.mark.parametrize(
    ("change", "message"), [(200.0, "scale floats to go from 0 to 1"), (-0.5, "from 0 to 1"), (np.nan, "NaN")]
)
def test_floating_point_files_that_are_no_photos_say_what_to_do(
    tmp_path: Path, grey: np.ndarray, change: float, message: str
) -> None:
    floats = grey.astype(np.float32) / 255
    floats[5, 7] = change
    PIL.Image.fromarray(floats).save(tmp_path / "photo.tif")
    with pytest.raises(PhotoError, match=message):
        Picture.read(tmp_path / "photo.tif")


def test_floating_point_files_are_read_as_16_bits(tmp_path: Path, grey: np.ndarray) -> None:
    PIL.Image.fromarray(grey.astype(np.float32) / 255).save(tmp_path / "photo.tif")
    picture = Picture.read(tmp_path / "photo.tif")
    assert np.array_equal(picture.to_numpy(), grey.astype(np.uint16) * 257)
    # A negative, whose 0 is white.
    PIL.Image.fromarray(1 - grey.astype(np.float32) / 255).save(tmp_path / "negative.tif", tiffinfo={262: 0})
    assert np.abs(Picture.read(tmp_path / "negative.tif").to_numpy() - grey.astype(float) * 257).max() <= 1


def test_suffix_decides_the_format_and_content_what_is_read(tmp_path: Path, grey: np.ndarray) -> None:
    picture = Picture.from_array(grey)
    for suffix, kind in {".jpg": "JPEG", ".JPEG": "JPEG", ".png": "PNG", ".webp": "WEBP", ".tif": "TIFF"}.items():
        with PIL.Image.open(picture.save(tmp_path / f"photo{suffix}")) as image:
            assert image.format == kind
    (tmp_path / "photo.png").rename(tmp_path / "liar.jpg")
    assert Picture.read(tmp_path / "liar.jpg").format == ".png"


def test_jpeg_takes_16_bits_and_alpha_as_what_it_can_hold(tmp_path: Path) -> None:
    clear = np.zeros((8, 8, 4), np.uint16)
    read = Picture.read(Picture.from_array(clear).save(tmp_path / "photo.jpg"))
    assert (read.pixels.dtype, read.alpha) == (np.uint8, None)
    assert read.pixels.min() > 250  # nothing, over white


def test_quality_changes_the_size(tmp_path: Path) -> None:
    noise = Picture.from_array(np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8))
    sizes = [noise.save(tmp_path / f"{quality}.jpg", quality=quality).stat().st_size for quality in (20, 60, 95)]
    assert sizes == sorted(sizes)
    with pytest.raises(OutputError, match="1 to 100"):
        noise.save(tmp_path / "x.jpg", quality=101)


def test_nothing_is_overwritten_unasked(tmp_path: Path, grey: np.ndarray) -> None:
    path = tmp_path / "photo.png"
    path.write_text("precious")
    with pytest.raises(OutputError, match="already there"):
        Picture.from_array(grey).save(path)
    assert path.read_text() == "precious"
    assert Picture.read(Picture.from_array(grey).save(path, overwrite=True)).height == 40


def test_places_that_cannot_be_written_say_so(tmp_path: Path, grey: np.ndarray) -> None:
    picture = Picture.from_array(grey)
    (tmp_path / "folder.png").mkdir()
    for path, message in {
        tmp_path / "missing" / "photo.png": "does not exist",
        tmp_path / "folder.png": "is a folder",
        tmp_path / "photo.gif": r"cannot write \.gif",
        tmp_path / "photo": "name without suffix",
        tmp_path / f"{'x' * 300}.png": "cannot be written",
        tmp_path / "a\0b.png": "cannot be written",
    }.items():
        with pytest.raises(OutputError, match=message) as caught:
            picture.save(path)
        assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_says_so(tmp_path: Path, grey: np.ndarray) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="cannot be written"):
            Picture.from_array(grey).save(tmp_path / "photo.png")
    finally:
        tmp_path.chmod(0o700)


def test_too_long_for_the_format_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        Picture.from_array(np.zeros((1, 70_000), np.uint8)).save(tmp_path / "photo.jpg")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_file_alone(tmp_path: Path) -> None:
    """A limit on the size of files, as the operating system enforces it, stands in for the disk's end."""
    resource = pytest.importorskip("resource")
    old = Picture.from_array(np.zeros((4, 4), np.uint8)).save(tmp_path / "photo.png").read_bytes()
    script = (
        "import resource, signal, sys, numpy as np\n"
        "from photochrom import Picture, PhotochromError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "noise = np.random.default_rng(0).integers(0, 255, (300, 300), np.uint8)\n"
        "try:\n    Picture.from_array(noise).save(sys.argv[1], overwrite=True)\n"
        "except PhotochromError as error:\n    print(error)\n"
    )
    assert resource is not None
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "photo.png")], capture_output=True, text=True, check=True
    )
    assert "cannot be written" in done.stdout
    assert (tmp_path / "photo.png").read_bytes() == old
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
def test_a_kill_leaves_no_half_written_photo(tmp_path: Path) -> None:
    script = (
        "import sys, numpy as np\n"
        "from photochrom import Picture\n"
        "noise = Picture.from_array(np.random.default_rng(0).integers(0, 255, (400, 400), np.uint8))\n"
        "print('ready', flush=True)\n"
        "while True:\n    noise.save(sys.argv[1], overwrite=True)\n"
    )
    for delay in (0.03, 0.11):
        writer = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "photo.png")], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        if (tmp_path / "photo.png").exists():
            assert Picture.read(tmp_path / "photo.png").pixels.shape == (400, 400, 1)


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_a_result_has_the_mode_of_any_new_file(tmp_path: Path, grey: np.ndarray) -> None:
    (tmp_path / "plain").write_text("")
    path = Picture.from_array(grey).save(tmp_path / "photo.png")
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_byte_order_does_not_matter() -> None:
    ramp = np.arange(60, dtype=np.uint16).reshape(6, 10) * 1000
    assert np.array_equal(Picture.from_array(ramp.astype(">u2")).to_numpy(), ramp)
