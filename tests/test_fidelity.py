"""What goes in must come out: format, bit depth, alpha, orientation, metadata and profile, from file to file."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from skimage.color import rgb2lab

from photochrom import Colorizer, Picture
from photochrom.io.vips import libvips
from photochrom.options import Options
from tiny_network import tint_card, write_network


@pytest.fixture(scope="module")
def colorizer(tmp_path_factory: pytest.TempPathFactory) -> Colorizer:
    """With a network of any colour, also such that sRGB lacks."""
    path = tmp_path_factory.mktemp("network") / "wild.onnx"
    card = tint_card(input_size=16)
    return Colorizer(write_network(path, card=card, bias=(0, 0), noise=np.random.default_rng(3)), threads=2)


def photo(height: int = 90, width: int = 120) -> np.ndarray[Any, Any]:
    """Soft hills of grey with a hard edge, uint8."""
    y, x = np.mgrid[:height, :width]
    hills = 120 + 60 * np.sin(x / 17) + 50 * np.cos(y / 11)
    hills[:, : width // 4] = 250
    return hills.astype(np.uint8)


def exiftool(path: Path) -> dict[str, Any]:
    """Read a file's metadata by another program than ours."""
    _require("exiftool")
    command = ["exiftool", "-json", "-G1", "-a", "-struct", str(path)]
    done = subprocess.run(command, capture_output=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)[0]
    return found


def identify(path: Path, pattern: str) -> str:
    """Ask ImageMagick about a file."""
    _require("identify")
    command = ["identify", "-quiet", "-format", pattern, f"{path}[0]"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _require(program: str) -> None:
    if shutil.which(program) is None:
        if os.environ.get("CI"):
            pytest.fail(f"{program} is missing, and CI must have it")
        pytest.skip(f"{program} is not installed")


def save(path: Path, array: np.ndarray[Any, Any], **options: Any) -> Path:
    """Write pixels by libvips itself, with any option of its savers."""
    vips = libvips()
    wide = {"uint16": "16", "float32": "f"}.get(array.dtype.name, "")
    grey = array.ndim == 2 or array.shape[2] < 3
    kind = {"": "b-w" if grey else "srgb", "16": "grey16" if grey else "rgb16", "f": "b-w" if grey else "scrgb"}
    vips.Image.new_from_array(np.ascontiguousarray(array)).copy(interpretation=kind[wide]).write_to_file(
        str(path), **options
    )
    return path


def rgb(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.stack([array, array // 2 + 60, 255 - array // 2], axis=-1)


def wide(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return array.astype(np.uint16) * 256 + np.arange(array.shape[1], dtype=np.uint16)


def make(path: Path, kind: str) -> Path:
    """Write the photo as one of the kinds of file that archives hold."""
    grey = photo()
    clear = np.dstack([grey, grey // 2 + 100])
    pillow = {
        "jpeg-grey": lambda: PIL.Image.fromarray(grey).save(path, "JPEG", quality=95),
        "jpeg-colour": lambda: PIL.Image.fromarray(rgb(grey)).save(path, "JPEG", quality=95),
        "jpeg-progressive": lambda: PIL.Image.fromarray(rgb(grey)).save(path, "JPEG", progressive=True),
        "jpeg-cmyk": lambda: PIL.Image.fromarray(rgb(grey)).convert("CMYK").save(path, "JPEG"),
        "png-1": lambda: PIL.Image.fromarray(grey).convert("1").save(path),
        "png-2": lambda: PIL.Image.fromarray(grey).quantize(4).save(path, bits=2),
        "png-4": lambda: PIL.Image.fromarray(grey).quantize(16).save(path, bits=4),
        "png-palette": lambda: PIL.Image.fromarray(rgb(grey)).quantize(200).save(path),
        "gif": lambda: PIL.Image.fromarray(rgb(grey)).save(path),
        "bmp-grey": lambda: PIL.Image.fromarray(grey).save(path),
        "bmp-1": lambda: PIL.Image.fromarray(grey).convert("1").save(path),
        "bmp-palette": lambda: PIL.Image.fromarray(rgb(grey)).quantize(64).save(path),
        "bmp-colour": lambda: PIL.Image.fromarray(rgb(grey)).save(path),
        "tiff-fax": lambda: PIL.Image.fromarray(grey).convert("1").save(path, compression="group4"),
        "tiff-cmyk": lambda: PIL.Image.fromarray(rgb(grey)).convert("CMYK").save(path),
    }
    by_vips: dict[str, Any] = {
        "png-grey": (grey, {}),
        "png-16": (wide(grey), {}),
        "png-rgb16": (wide(rgb(grey)[..., 0])[..., None].repeat(3, 2), {}),
        "png-alpha": (clear, {}),
        "png-rgba": (np.dstack([rgb(grey), grey]), {}),
        "png-interlaced": (rgb(grey), {"interlace": True}),
        "tiff": (grey, {}),
        "tiff-16": (wide(grey), {}),
        "tiff-16-alpha": (np.dstack([wide(grey), wide(grey)]), {}),
        "tiff-tiled": (rgb(grey), {"tile": True, "tile_width": 32, "tile_height": 32}),
        "tiff-lzw": (grey, {"compression": "lzw"}),
        "tiff-deflate": (wide(grey), {"compression": "deflate", "predictor": "horizontal"}),
        "tiff-big": (grey, {"bigtiff": True}),
        "tiff-float": (grey.astype(np.float32) / 255, {}),
        "tiff-float-rgb": (rgb(grey).astype(np.float32) / 255, {"compression": "deflate"}),
        "webp": (rgb(grey), {}),
        "webp-alpha": (np.dstack([rgb(grey), grey]), {"lossless": True}),
        "avif": (rgb(grey), {}),
        "avif-10": (wide(grey)[..., None].repeat(3, 2), {"bitdepth": 10}),
        "avif-12": (wide(grey)[..., None].repeat(3, 2), {"bitdepth": 12}),
    }
    if kind in pillow:
        pillow[kind]()
        return path
    array, options = by_vips[kind]
    return save(path, array, **options)


KINDS = {
    ".jpg": ["jpeg-grey", "jpeg-colour", "jpeg-progressive", "jpeg-cmyk"],
    ".png": [
        *("png-1", "png-2", "png-4", "png-palette", "png-grey", "png-16", "png-rgb16"),
        *("png-alpha", "png-rgba", "png-interlaced"),
    ],
    ".tif": [
        *("tiff", "tiff-16", "tiff-16-alpha", "tiff-tiled", "tiff-lzw", "tiff-deflate", "tiff-big", "tiff-float"),
        *("tiff-float-rgb", "tiff-fax", "tiff-cmyk"),
    ],
    ".webp": ["webp", "webp-alpha"],
    ".avif": ["avif", "avif-10", "avif-12"],
    ".gif": ["gif"],
    ".bmp": ["bmp-grey", "bmp-1", "bmp-palette", "bmp-colour"],
}


@pytest.mark.parametrize(("suffix", "kind"), [(suffix, kind) for suffix, kinds in KINDS.items() for kind in kinds])
def test_every_kind_of_file_comes_back_in_its_own_format(
    tmp_path: Path, colorizer: Colorizer, suffix: str, kind: str
) -> None:
    source = make(tmp_path / f"photo{suffix}", kind)
    before = source.read_bytes()
    target = tmp_path / ("result.png" if suffix == ".gif" else f"result{suffix}")
    colorizer.open(source).save(target)
    read, result = Picture.read(source), Picture.read(target)
    assert source.read_bytes() == before
    assert result.pixels.shape == (90, 120, 3)
    deep = "16" in kind or "float" in kind or kind in ("tiff-deflate", "avif-10", "avif-12")
    assert result.dtype == read.dtype == (np.uint16 if deep else np.uint8)
    assert (result.alpha is None) == (read.alpha is None) == ("alpha" not in kind and kind != "png-rgba")
    if read.alpha is not None:
        assert np.array_equal(result.alpha, read.alpha)
    top = np.iinfo(read.dtype).max
    light = [rgb2lab(np.broadcast_to(p.pixels / top, (90, 120, 3)))[..., 0] for p in (read, result)]
    lossy = suffix in (".jpg", ".avif", ".webp")
    # A step of 8 bits is about 0.4 of L; lossy formats are held to what their own coding does.
    assert np.abs(light[0] - light[1]).max() < (12 if lossy else 0.8)
    # ImageMagick reads AVIF with a plugin that not every build has, and tells no depth of black and white alone.
    if suffix != ".avif" and kind not in ("png-1", "bmp-1", "tiff-fax"):
        depth = identify(target, "%wx%h %[bit-depth]" if suffix != ".bmp" else "%wx%h 8")
        assert depth == f"120x90 {16 if deep else 8}"


@pytest.mark.parametrize("wide_source", [False, True])
@pytest.mark.parametrize("colour_source", [False, True])
def test_lightness_is_the_photos_own_to_a_step(
    tmp_path: Path, colorizer: Colorizer, wide_source: bool, colour_source: bool
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 300), np.uint8)
    pixels = rgb(noise) if colour_source else noise
    top, step = (65535, 257) if wide_source else (255, 1)
    source = save(tmp_path / "photo.png", pixels.astype(np.uint16) * 257 if wide_source else pixels)
    colorizer.open(source).save(tmp_path / "result.png")
    before, after = (Picture.read(path).pixels / top for path in (source, tmp_path / "result.png"))
    # The grey that is as light as each pixel, in steps of the photo's bits, by another implementation of CIELAB.
    light = [rgb2lab(np.broadcast_to(p, (200, 300, 3)))[..., 0] for p in (before, after)]
    levels = rgb2lab(np.repeat(np.arange(top + 1)[:, None, None] / top, 3, axis=2))[:, 0, 0]
    steps = np.abs(np.diff([np.interp(values, levels, np.arange(top + 1)) for values in light], axis=0))
    assert np.quantile(steps, 0.999) <= 1
    assert steps.max() <= 2
    assert step
    assert rgb2lab(after)[..., 1:].std() > 5  # it is colourful


@pytest.mark.parametrize("target", [".jpg", ".tif", ".png", ".webp", ".avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_viewer_shows_the_result_upright_once(
    tmp_path: Path, colorizer: Colorizer, orientation: int, target: str
) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    source = tmp_path / ("photo.tif" if target == ".tif" else "photo.jpg")
    PIL.Image.fromarray(photo()).save(source, exif=exif, **({} if target == ".tif" else {"quality": 95}))
    colorizer.open(source).save(tmp_path / f"result{target}")
    expected = colorizer(source).pixels.astype(int)
    if target == ".avif":  # Pillow's wheel need not read it
        found = Picture.read(tmp_path / "result.avif").pixels
    else:
        with PIL.Image.open(tmp_path / f"result{target}") as image:
            from PIL import ImageOps

            found = np.asarray(ImageOps.exif_transpose(image))
    assert found.shape == expected.shape
    assert np.abs(found - expected).mean() < 4
    if target in (".jpg", ".tif"):
        assert exiftool(tmp_path / f"result{target}")["IFD0:Orientation"] == exiftool(source)["IFD0:Orientation"]


_D50 = (63190, 65536, 54061)  # in 1/65536


def grey_profile(gamma: float) -> bytes:
    """A grey ICC profile of version 2 with a pure power as its curve (ICC.1:2001-04)."""
    curve = struct.pack(">4s4xIH2x", b"curv", 1, round(gamma * 256))
    white = struct.pack(">4s4x3i", b"XYZ ", *_D50)
    text = struct.pack(">4s4xI5s", b"desc", 5, b"grey\0").ljust(92, b"\0")
    tags, body, at = b"", b"", 128 + 4 + 12 * 3
    for name, data in ((b"desc", text), (b"wtpt", white), (b"kTRC", curve)):
        tags += struct.pack(">4sII", name, at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = at + len(body)
    head = struct.pack(
        ">I4sI4s4s4s12x4s4x28x3i", size, b"", 0x02100000, b"mntr", b"GRAY", b"XYZ ", b"acsp", 63190, 65536, 54061
    )
    return head.ljust(128, b"\0") + struct.pack(">I", 3) + tags + body


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_a_grey_profile_is_honoured_and_becomes_srgb(tmp_path: Path, colorizer: Colorizer, suffix: str) -> None:
    grey = np.full((40, 50), 128, np.uint8)
    source = tmp_path / f"photo{suffix}"
    PIL.Image.fromarray(grey).save(source, icc_profile=grey_profile(1.0))  # linear light: half of it is L = 76
    assert Picture.read(source).lightness().mean() == pytest.approx(76.2, abs=1)
    colorizer.open(source).save(tmp_path / f"result{suffix}")
    assert Picture.read(tmp_path / f"result{suffix}").lightness().mean() == pytest.approx(76.2, abs=1)
    with PIL.Image.open(tmp_path / f"result{suffix}") as image:
        assert b"RGB " in image.info["icc_profile"][:40]


def test_a_profile_of_other_colours_is_left_aside_and_that_is_said(tmp_path: Path, colorizer: Colorizer) -> None:
    grey = PIL.Image.fromarray(photo())
    for name, image, profile in (
        ("rgb", grey.convert("RGB"), grey_profile(1.0)),
        ("nonsense", grey.convert("RGB"), b"no profile at all" * 20),
    ):
        image.save(tmp_path / f"{name}.tif", icc_profile=profile)
        (note,) = map(str, colorizer.open(tmp_path / f"{name}.tif").save(tmp_path / f"{name}-result.tif"))
        assert "was left aside" in note
        assert np.array_equal(Picture.read(tmp_path / f"{name}.tif").pixels[..., 0], photo())


def test_a_grey_photo_may_have_a_profile_of_rgb(tmp_path: Path, colorizer: Colorizer) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    PIL.Image.fromarray(photo()).save(tmp_path / "photo.jpg", icc_profile=profile, quality=100)
    assert colorizer.open(tmp_path / "photo.jpg").save(tmp_path / "result.png") == []
    picture = Picture.read(tmp_path / "photo.jpg")
    assert picture.bands == 1
    assert np.abs(picture.pixels[..., 0].astype(int) - photo()).max() <= 3


def test_alpha_is_untouched_and_what_is_transparent_steers_nothing(tmp_path: Path, colorizer: Colorizer) -> None:
    grey = photo()
    alpha = np.full_like(grey, 255)
    alpha[:, 60:] = 0
    results = []
    for hidden in (0, 255, 77):
        pixels = grey.copy()
        pixels[:, 60:] = hidden
        source = save(tmp_path / f"photo-{hidden}.png", np.dstack([pixels, alpha]))
        colorizer.open(source).save(tmp_path / f"result-{hidden}.png")
        results.append(Picture.read(tmp_path / f"result-{hidden}.png"))
        assert np.array_equal(results[-1].alpha, alpha)
    for result in results[1:]:
        assert np.abs(result.pixels[:, :56].astype(int) - results[0].pixels[:, :56]).max() <= 2


def test_the_first_of_several_pages_is_colorized_and_that_is_said(tmp_path: Path, colorizer: Colorizer) -> None:
    pages = [PIL.Image.fromarray(photo() // part) for part in (1, 2, 3)]
    pages[0].save(tmp_path / "scan.tif", save_all=True, append_images=pages[1:])
    (note,) = map(str, colorizer.open(tmp_path / "scan.tif").save(tmp_path / "result.tif"))
    assert note == f"{tmp_path / 'scan.tif'}: has 3 pages; the first is colorized, pages 2 to 3 are left out" + (
        " (--pages all colorizes each)"
    )
    first = Picture.from_array(photo()).lightness()
    assert np.abs(Picture.read(tmp_path / "result.tif").lightness() - first).max() < 1


def test_what_a_chosen_format_cannot_hold_is_said(tmp_path: Path, colorizer: Colorizer) -> None:
    source = save(tmp_path / "photo.png", np.dstack([wide(photo()), wide(photo())]))
    (note,) = map(str, colorizer.open(source).save(tmp_path / "result.jpg"))
    assert "transparency" in note
    assert "16 bits" in note
    assert colorizer.open(source).save(tmp_path / "result.tif") == []


def test_options(tmp_path: Path, colorizer: Colorizer) -> None:
    source = save(tmp_path / "photo.png", photo())

    def result(name: str, **options: Any) -> Picture:
        colorizer.open(source).save(tmp_path / name, Options(**options))
        return Picture.read(tmp_path / name)

    assert np.array_equal(result("grey.png", saturation=0).pixels, photo()[..., None].repeat(3, 2))
    chroma = [np.hypot(*rgb2lab(result(f"{s}.png", saturation=s).pixels)[..., 1:].T).mean() for s in (0.02, 1)]
    assert chroma[0] < 0.6 * chroma[1]
    assert result("small.png", long_edge=60).pixels.shape == (45, 60, 3)
    assert result("large.png", long_edge=6000).pixels.shape == (90, 120, 3)  # never enlarged
    both = result("both.png", side_by_side=True).pixels
    assert both.shape == (90, 244, 3)
    assert np.array_equal(both[:, :120], photo()[..., None].repeat(3, 2))
    assert (both[:, 120:124] == 255).all()
    assert np.array_equal(both[:, 124:], result("plain.png").pixels)
    sizes = [(result(f"q{q}.jpg", quality=q), (tmp_path / f"q{q}.jpg").stat().st_size)[1] for q in (30, 95)]
    assert sizes[0] < sizes[1]


def test_times_are_kept_where_that_is_asked_for(tmp_path: Path, colorizer: Colorizer) -> None:
    source = save(tmp_path / "photo.png", photo())
    os.utime(source, ns=(10**18 + 5, 10**18 + 7))
    colorizer.open(source).save(tmp_path / "kept.png", Options(keep_times=True))
    colorizer.open(source).save(tmp_path / "new.png")
    assert (tmp_path / "kept.png").stat().st_mtime_ns == 10**18 + 7
    assert (tmp_path / "new.png").stat().st_mtime_ns > 15 * 10**17


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif"])
def test_xmp_says_that_the_colours_are_synthetic_unless_that_is_left_out(
    tmp_path: Path, colorizer: Colorizer, suffix: str
) -> None:
    source = make(tmp_path / "photo.png", "png-grey")
    colorizer.open(source).save(tmp_path / f"marked{suffix}")
    colorizer.open(source).save(tmp_path / f"plain{suffix}", Options(mark=False))
    found = exiftool(tmp_path / f"marked{suffix}")
    assert found["XMP-iptcExt:DigitalSourceType"].endswith("compositeWithTrainedAlgorithmicMedia")
    assert "tint" in found["XMP-iptcExt:AISystemUsed"]
    assert str(found["XMP-iptcExt:AISystemVersionUsed"]) == "1"
    assert not any(key.startswith("XMP") for key in exiftool(tmp_path / f"plain{suffix}"))


def test_a_result_in_memory_is_that_of_the_file(tmp_path: Path, colorizer: Colorizer) -> None:
    for kind, suffix in (("png-16", ".png"), ("tiff-tiled", ".tif"), ("png-rgba", ".png")):
        source = make(tmp_path / f"{kind}{suffix}", kind)
        colorizer.open(source).save(tmp_path / f"{kind}-result{suffix}")
        found = Picture.read(tmp_path / f"{kind}-result{suffix}").pixels.astype(int)
        assert np.abs(found - colorizer(source).pixels).max() <= 1


TAGS = [
    *("-IFD0:Make=Leica", "-IFD0:Model=II", "-IFD0:Artist=Zoë Müller", "-IFD0:Copyright=(c) 1936"),
    *("-IFD0:HostComputer=x", "-IFD0:Rating=4", "-IFD0:XPTitle=Sommer", "-IFD0:ImageDescription=Café"),
    *("-ExifIFD:DateTimeOriginal=1936:05:01 12:00:00", "-ExifIFD:FNumber=3.5", "-ExifIFD:UserComment=Grüße"),
    *("-GPS:GPSLatitude=52.5", "-GPS:GPSLatitudeRef=N"),
    *("-XMP-dc:Title=Grandmother", "-XMP-dc:Subject=family", "-XMP-xmp:CreatorTool=scanner"),
    *("-XResolution=600", "-YResolution=600", "-ResolutionUnit=inches"),
]
IPTC = ["-IPTC:Caption-Abstract=At the sea", "-IPTC:Keywords=sea", "-IPTC:Keywords=family", "-IPTC:By-line=Zoe"]
NEW = ("XMP-iptcExt:", "XMP-x:XMPToolkit", "IFD1:", "System:", "File:", "ExifTool:", "Composite:", "JFIF:", "ICC")
PIXELS = (  # what says how the pixels are stored, which colour changes
    *("IFD0:BitsPerSample", "IFD0:PhotometricInterpretation", "IFD0:SamplesPerPixel", "IFD0:Strip", "IFD0:Tile"),
    *("IFD0:RowsPerStrip", "IFD0:Compression", "IFD0:Predictor", "IFD0:SampleFormat", "IFD0:Planar"),
    *("IFD0:SubfileType", "IFD0:FillOrder", "IFD0:Orientation", "IFD0:PageNumber", "IFD0:ExtraSamples"),
    *("IFD0:YCbCrPositioning", "ExifIFD:ExifVersion", "ExifIFD:ColorSpace", "ExifIFD:ComponentsConfiguration"),
    *("PNG:ColorType", "PNG:Filter", "PNG:Compression", "PNG:Interlace", "PNG-pHYs:", "PNG:BitDepth"),
    *("PNG:Palette", "PNG:Transparency", "PNG:SRGBRendering", "PNG:Gamma"),
    *("RIFF:", "QuickTime:", "Meta:", "Photoshop:", "SourceFile"),
)


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [(".jpg", "jpeg-grey"), (".tif", "tiff-16"), (".png", "png-grey"), (".webp", "webp"), (".avif", "avif")],
)
def test_metadata_survives_as_another_program_reads_it(
    tmp_path: Path, colorizer: Colorizer, suffix: str, kind: str
) -> None:
    source = make(tmp_path / f"photo{suffix}", kind)
    _require("exiftool")
    tags = [*TAGS, *(IPTC if suffix in (".jpg", ".tif") else [])]
    if suffix == ".avif":  # exiftool writes no new EXIF into AVIF before its version 12.6
        tags = [tag for tag in tags if tag.startswith("-XMP")]
    subprocess.run(["exiftool", "-q", "-m", "-overwrite_original", *tags, str(source)], check=True)
    colorizer.open(source).save(tmp_path / f"result{suffix}")
    before, after = exiftool(source), exiftool(tmp_path / f"result{suffix}")
    kept = {key: value for key, value in before.items() if not key.startswith((*NEW, *PIXELS))}
    assert len(kept) >= (2 if suffix == ".avif" else 15)
    changed = {key: (value, after.get(key)) for key, value in kept.items() if after.get(key) != value}
    assert changed == {}
    if suffix in (".jpg", ".tif", ".png"):
        number, unit = identify(tmp_path / f"result{suffix}", "%x %U").split()
        assert float(number) * (2.54 if unit == "PixelsPerCentimeter" else 1) == pytest.approx(600, abs=0.1)


@pytest.mark.parametrize("side_by_side", [False, True])
def test_the_embedded_thumbnail_is_made_anew_in_colour(
    tmp_path: Path, colorizer: Colorizer, side_by_side: bool
) -> None:
    _require("exiftool")
    source = make(tmp_path / "photo.jpg", "jpeg-grey")
    PIL.Image.fromarray(photo()).resize((80, 60)).save(tmp_path / "small.jpg")
    thumbnail = f"-ThumbnailImage<={tmp_path / 'small.jpg'}"
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-IFD0:Model=II", thumbnail, str(source)], check=True)
    colorizer.open(source).save(tmp_path / "result.jpg", Options(side_by_side=side_by_side))
    command = ["exiftool", "-b", "-ThumbnailImage", str(tmp_path / "result.jpg")]
    with PIL.Image.open(BytesIO(subprocess.run(command, capture_output=True, check=True).stdout)) as image:
        small = np.asarray(image.convert("RGB"))
    whole = Picture.read(tmp_path / "result.jpg")
    assert small.shape == ((60, 161, 3) if side_by_side else (90, 120, 3))
    shown = whole.shrunk(*small.shape[:2])
    assert np.abs(small.astype(int) - shown).mean() < 12
    assert np.ptp(small, axis=2).mean() > (8 if side_by_side else 20)


def test_a_photo_without_a_thumbnail_gets_none(tmp_path: Path, colorizer: Colorizer) -> None:
    colorizer.open(make(tmp_path / "photo.jpg", "jpeg-grey")).save(tmp_path / "result.jpg")
    assert not any("Thumbnail" in key for key in exiftool(tmp_path / "result.jpg"))


def test_a_bmp_says_what_it_cannot_hold(tmp_path: Path, colorizer: Colorizer) -> None:
    exif = PIL.Image.Exif()
    exif[0x0110] = "Leica II"
    PIL.Image.fromarray(photo()).save(tmp_path / "photo.jpg", exif=exif)
    (note,) = map(str, colorizer.open(tmp_path / "photo.jpg").save(tmp_path / "result.bmp"))
    assert "cannot hold EXIF" in note
    assert colorizer.open(make(tmp_path / "photo.bmp", "bmp-grey")).save(tmp_path / "same.bmp") == []


def test_what_had_no_loss_gets_none(tmp_path: Path, colorizer: Colorizer) -> None:
    source = save(tmp_path / "photo.webp", rgb(photo()), lossless=True)
    colorizer.open(source).save(tmp_path / "result.webp")
    exact = colorizer(source)
    assert np.array_equal(Picture.read(tmp_path / "result.webp").pixels, exact.pixels)


def test_ten_bits_stay_ten(tmp_path: Path, colorizer: Colorizer) -> None:
    for bits in (10, 12):
        source = make(tmp_path / f"photo-{bits}.avif", f"avif-{bits}")
        assert colorizer.open(source).save(tmp_path / f"result-{bits}.avif") == []
        image = libvips().Image.new_from_file(str(tmp_path / f"result-{bits}.avif"))
        assert image.get("bits-per-sample") == bits
    (note,) = map(str, colorizer.open(make(tmp_path / "photo.png", "png-16")).save(tmp_path / "result.avif"))
    assert "16 bits per channel, which become 12" in note
