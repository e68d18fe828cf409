"""Peak resident memory of decoding what libvips does not read in strips, in bytes per pixel.

    python benchmarks/decoders_memory.py
    python benchmarks/decoders_memory.py --kinds heic raw

A process of its own decodes a small photo of each kind, so that all libraries are there, and then one of 3
megapixels. The figure is by how much its peak is above what it had before. The next column is what photochrom
reckons with. Exits with 1 if that is too little. Linux only. It writes the photos with pillow-heif, imagecodecs
and tifffile (the extra `dev`).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from kinds_of_files import dng, picture, tiff_of

DECODE = r"""
import re, sys
from pathlib import Path
from photochrom.io.reader import PhotoFile

def memory(name):
    return 1024 * int(re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())[1])

def decode(path):
    photo = PhotoFile(path)
    for strip in photo.strips():
        pass

decode(sys.argv[1])
Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
before = memory("VmRSS")
decode(sys.argv[2])
print(memory("VmHWM") - before)
"""
SIZES = ((60, 80), (1500, 2000))


def heic(pixels: Any, bits: int) -> bytes:
    import pillow_heif

    file = pillow_heif.from_bytes(
        mode="RGB" if bits == 8 else "RGB;16", size=pixels.shape[1::-1], data=pixels.tobytes()
    )
    buffer = BytesIO()
    file.save(buffer, quality=60, bit_depth=bits, enc_params={"preset": "ultrafast"})
    return buffer.getvalue()


def codec(name: str, **options: Any) -> Callable[[Any], bytes]:
    def encode(pixels: Any) -> bytes:
        import imagecodecs

        return bytes(getattr(imagecodecs, f"{name}_encode")(pixels, **options))

    return encode


def netpbm(pixels: Any, text: bool) -> bytes:
    most = np.iinfo(pixels.dtype).max
    head = f"P{3 if text else 6} {pixels.shape[1]} {pixels.shape[0]} {most}\n".encode()
    if text:
        return head + " ".join(map(str, pixels.ravel().tolist())).encode()
    return head + pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()


def raw(pixels: Any) -> bytes:
    return dng(np.ascontiguousarray(pixels[..., 0]))


KINDS: dict[str, tuple[int, Any, Callable[[Any], bytes]]] = {  # channels, type, and what encodes them
    "heic, 8 bits": (3, np.uint8, lambda p: heic(p, 8)),
    "heic, 10 bits": (3, np.uint16, lambda p: heic(p, 10)),
    "raw, mosaic": (3, np.uint16, raw),
    "raw, linear": (3, np.uint16, dng),
    "jpeg 2000, 8 bits": (3, np.uint8, codec("jpeg2k", level=0, codecformat="jp2")),
    "jpeg 2000, 16 bits": (3, np.uint16, codec("jpeg2k", level=0, codecformat="jp2")),
    "jpeg 2000, grey": (1, np.uint8, codec("jpeg2k", level=0, codecformat="jp2")),
    "jpeg xl, 8 bits": (3, np.uint8, codec("jpegxl", effort=3, distance=1.0)),
    "jpeg xl, 16 bits": (3, np.uint16, codec("jpegxl", effort=1, lossless=True)),
    "jpeg xl, floats": (3, np.float32, codec("jpegxl", effort=1, lossless=True)),
    "jpeg xl, grey": (1, np.uint8, codec("jpegxl", effort=1, lossless=True)),
    "jpeg, 12 bits": (3, np.uint16, lambda p: codec("jpeg", bitspersample=12, level=90)(p >> 4)),
    "jpeg without loss": (3, np.uint8, codec("jpeg", lossless=True)),
    "jpeg-ls": (3, np.uint8, codec("jpegls")),
    "jpeg-ls, grey, 16 bits": (1, np.uint16, codec("jpegls")),
    "tiff zstd, 8 bits": (3, np.uint8, lambda p: tiff_of(p, photometric="rgb", compression="zstd")),
    "tiff zstd, 16 bits": (3, np.uint16, lambda p: tiff_of(p, photometric="rgb", compression="zstd")),
    "tiff lzma, tiles": (
        3,
        np.uint16,
        lambda p: tiff_of(p, photometric="rgb", compression="lzma", tile=(256, 256)),
    ),
    "tiff, 32-bit whole": (1, np.uint32, tiff_of),
    "tiff, 64-bit floats": (3, np.float64, lambda p: tiff_of(p, photometric="rgb")),
    "ppm, 8 bits": (3, np.uint8, lambda p: netpbm(p, text=False)),
    "ppm, 16 bits": (3, np.uint16, lambda p: netpbm(p, text=False)),
    "ppm as text": (3, np.uint8, lambda p: netpbm(p, text=True)),
}


def made(height: int, width: int, bands: int, dtype: Any) -> Any:
    if np.issubdtype(dtype, np.floating):
        return (picture(height, width, bands, 65535) / 65535).astype(dtype)
    return picture(height, width, bands, int(np.iinfo(dtype).max), dtype)


def measured(name: str, bands: int, dtype: Any, encode: Callable[[Any], bytes]) -> tuple[float, float]:
    """Return the bytes per pixel that decoding took, and those that photochrom reckons with."""
    from photochrom.io.checks import held_bytes
    from photochrom.io.reader import PhotoFile

    with tempfile.TemporaryDirectory() as folder:
        suffix = ".dng" if name.startswith("raw") else ""
        paths = [Path(folder) / f"{which}{suffix}" for which in ("small", "large")]
        for path, (height, width) in zip(paths, SIZES, strict=True):
            path.write_bytes(encode(made(height, width, bands, dtype)))
        command = [sys.executable, "-c", DECODE, *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        photo = PhotoFile(paths[1])
        pixels = SIZES[1][0] * SIZES[1][1]
        return int(done.stdout) / pixels, held_bytes(photo._open_header(), photo._raster) / pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", default=[""], help="beginnings of their names")
    chosen = tuple(parser.parse_args().kinds)
    missed = False
    print(f"{'kind':<24} {'measured':>9} {'reckoned':>9}  bytes per pixel")
    for name, (bands, dtype, encode) in KINDS.items():
        if name.startswith(chosen):
            taken, reckoned = measured(name, bands, dtype, encode)
            print(
                f"{name:<24} {taken:9.1f} {reckoned:9.1f}  {'too little' if taken > reckoned else ''}", flush=True
            )
            missed |= taken > reckoned
    sys.exit(missed)


if __name__ == "__main__":
    main()
