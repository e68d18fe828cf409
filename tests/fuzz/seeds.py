"""Small whole photos of every format and variant, from which mutated ones are made."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
import tifffile
from PIL import Image, ImageCms

from kinds_of_files import dng, strip_tiff, tiff_of
from photochrom.io.vips import image_from_array, libvips

__all__ = ["FORMATS", "make_seeds"]

FORMATS = ("jpeg", "png", "tiff", "webp", "avif", "gif", "bmp", "heic", "raw", "jp2", "jxl", "pnm")

_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/jpeg"/>'
    b"</rdf:RDF></x:xmpmeta>"
)


def make_seeds() -> dict[str, bytes]:
    """Name, beginning with one of `FORMATS`, and bytes of each; the same bytes every time."""
    grey = (np.add.outer(np.arange(30) * 4, np.arange(40) * 3) % 256).astype(np.uint8)
    grey ^= np.random.default_rng(7).integers(0, 32, grey.shape).astype(np.uint8)
    rgb = np.stack([grey, grey // 2 + 60, 255 - grey], axis=-1)
    rgba = np.dstack([rgb, np.broadcast_to(np.arange(40, dtype=np.uint8) * 6, grey.shape)])
    wide = grey.astype(np.uint16) * 257
    return {
        **_jpegs(grey, rgb),
        **_pngs(grey, rgb, rgba, wide),
        **_tiffs(grey, rgb, rgba, wide),
        "webp-lossy": _vips(rgb, ".webp", Q=70),
        "webp-lossless-alpha": _vips(rgba, ".webp", lossless=True),
        "webp-metadata": _pillow(rgb, "WEBP", exif=_exif(), xmp=_XMP, icc_profile=_profile()),
        "webp-animated": _animation("WEBP", rgb),
        "avif-444": _vips(rgb, ".avif", Q=60),
        "avif-alpha": _vips(rgba, ".avif", Q=60),
        "avif-12": _vips(wide, ".avif", Q=60, bitdepth=12),
        "avif-metadata": _pillow(rgb, "AVIF", exif=_exif(), xmp=_XMP, icc_profile=_profile()),
        "gif-plain": _pillow(grey, "GIF"),
        "gif-animated": _animation("GIF", rgb),
        "gif-interlaced": _pillow(grey, "GIF", interlace=1),
        "gif-transparent": _pillow(grey, "GIF", transparency=3),
        "bmp-24": _pillow(rgb, "BMP"),
        "bmp-8": _pillow(grey, "BMP", dpi=(300, 300)),
        "bmp-32": _pillow(rgba, "BMP"),
        "bmp-1": _pil(Image.fromarray(grey).convert("1"), "BMP"),
        "bmp-rle8": _rle_bmp(grey),
        "bmp-16-top-down": _wide_bmp(grey),
        **_rare(grey, rgb, wide),
    }


def _rare(grey: Any, rgb: Any, wide: Any) -> dict[str, bytes]:
    """Make what libvips does not read."""
    linear = np.stack([wide] * 3, axis=-1)
    ascii_samples = b" ".join(b"%d" % sample for sample in grey.ravel())
    packed = ((wide[..., None] >> np.arange(15, 3, -1)) & 1).astype(np.uint8).reshape(len(wide), -1)
    floats = (grey / 255).astype("<f4")[::-1]
    return {
        "heic-8": _heic(rgb),
        "heic-12": _heic(linear, bit_depth=12),
        "heic-pictures": _heic(rgb, more=1),
        "raw-mosaic": dng(wide, preview=grey[::2, ::2]),
        "raw-linear": dng(linear, order=">"),
        "tiff-preview-first": _preview_first(grey, wide),
        "tiff-zstd": tiff_of(wide, compression="zstd"),
        "tiff-lzma-tiles": tiff_of(rgb, compression="lzma", tile=(16, 16), photometric="rgb"),
        "tiff-planes-of-tiles": tiff_of(np.moveaxis(rgb, -1, 0), tile=(16, 16), photometric="rgb"),
        "tiff-12": strip_tiff(40, 30, 12, np.packbits(packed, axis=1).tobytes()),
        "tiff-double": tiff_of(grey / 255),
        "tiff-jpeg2000": tiff_of(grey, compression="jpeg2000"),
        "jpeg-12": imagecodecs.jpeg_encode(wide >> 4, bitspersample=12),
        "jpeg-lossless": imagecodecs.ljpeg_encode(wide),
        "jpeg-ls": imagecodecs.jpegls_encode(grey),
        "jp2-file": imagecodecs.jpeg2k_encode(rgb, level=0, codecformat="jp2"),
        "jp2-stream-16": imagecodecs.jpeg2k_encode(wide, level=0, codecformat="j2k"),
        "jxl-lossy": imagecodecs.jpegxl_encode(rgb, lossless=False, distance=1.0, numthreads=1),
        "jxl-box-16": imagecodecs.jpegxl_encode(wide, usecontainer=True, numthreads=1),
        "pnm-p5": b"P5 40 30 65535\n" + wide.astype(">u2").tobytes(),
        "pnm-p6": b"P6\n# a photo\n40 30 255\n" + rgb.tobytes(),
        "pnm-p2": b"P2 40 30 255\n" + ascii_samples,
        "pnm-p7": b"P7\nWIDTH 40\nHEIGHT 30\nDEPTH 1\nMAXVAL 255\nENDHDR\n" + grey.tobytes(),
        "pnm-pf": b"Pf 40 30 -1.0\n" + floats.tobytes(),
    }


def _heic(array: Any, *, more: int = 0, **options: Any) -> bytes:
    file = pillow_heif.from_bytes(
        mode="RGB;16" if array.dtype == np.uint16 else "RGB", size=array.shape[1::-1], data=array.tobytes()
    )
    for _ in range(more):
        file.add_frombytes(mode="RGB", size=array.shape[1::-1], data=array.tobytes())
    buffer = BytesIO()
    file.save(buffer, quality=60, **options)
    return buffer.getvalue()


def _preview_first(grey: Any, wide: Any) -> bytes:
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(grey[::2, ::2], subfiletype=1, subifds=1, metadata=None)
        file.write(wide, subfiletype=0, metadata=None)
        file.write(grey, metadata=None)
    return buffer.getvalue()


def _jpegs(grey: Any, rgb: Any) -> dict[str, bytes]:
    full = {"exif": _exif(), "xmp": _XMP, "icc_profile": _profile(), "dpi": (300, 300), "comment": b"a photo"}
    inks = Image.fromarray(rgb).convert("CMYK")
    return {
        "jpeg-baseline": _pillow(rgb, "JPEG", quality=80),
        "jpeg-420": _vips(rgb, ".jpg", Q=70),
        "jpeg-grey": _pillow(grey, "JPEG"),
        "jpeg-progressive": _pillow(rgb, "JPEG", progressive=True),
        "jpeg-restart": _vips(rgb, ".jpg", Q=80, restart_interval=2),
        "jpeg-cmyk": _pil(inks, "JPEG"),
        "jpeg-metadata": _pillow(rgb, "JPEG", **full),
        "jpeg-thumbnail": _pillow(rgb, "JPEG", exif=_exif_with_thumbnail(rgb)),
    }


def _pngs(grey: Any, rgb: Any, rgba: Any, wide: Any) -> dict[str, bytes]:
    palette = Image.fromarray(rgb).quantize(64)
    return {
        "png-rgb": _pillow(rgb, "PNG"),
        "png-grey": _pillow(grey, "PNG"),
        "png-rgba": _pillow(rgba, "PNG"),
        "png-16": _vips(wide, ".png"),
        "png-rgb-16": _vips(np.stack([wide] * 3, axis=-1), ".png"),
        "png-interlaced": _vips(rgb, ".png", interlace=True),
        "png-palette": _pil(palette, "PNG", transparency=3),
        "png-1-bit": _pil(Image.fromarray(grey).convert("1"), "PNG"),
        "png-metadata": _pillow(rgb, "PNG", exif=_exif(), icc_profile=_profile(), dpi=(300, 300)),
    }


def _tiffs(grey: Any, rgb: Any, rgba: Any, wide: Any) -> dict[str, bytes]:
    black_or_white = np.where(grey > 100, 255, 0).astype(np.uint8)
    floats = libvips().Image.new_from_array(grey.astype(np.float32) / 255)
    return {
        "tiff-plain": _vips(rgb, ".tif", compression="none"),
        "tiff-big-endian": _swapped_tiff(grey),
        "tiff-lzw": _vips(rgb, ".tif", compression="lzw", predictor="horizontal"),
        "tiff-deflate-tiles": _vips(rgb, ".tif", compression="deflate", tile=True, tile_width=16, tile_height=16),
        "tiff-jpeg": _vips(rgb, ".tif", compression="jpeg"),
        "tiff-packbits": _vips(grey, ".tif", compression="packbits"),
        "tiff-fax": _vips(black_or_white, ".tif", compression="ccittfax4", bitdepth=1),
        "tiff-16-big": _vips(wide, ".tif", compression="lzw", bigtiff=True),
        "tiff-rgba": _vips(rgba, ".tif", compression="deflate"),
        "tiff-float": floats.write_to_buffer(".tif", compression="none"),
        "tiff-float-deflate": floats.write_to_buffer(".tif", compression="deflate", predictor="float"),
        "tiff-palette": _pil(Image.fromarray(rgb).quantize(64), "TIFF"),
        "tiff-cmyk": _pil(Image.fromarray(rgb).convert("CMYK"), "TIFF", compression="tiff_lzw"),
        "tiff-lab": _pil(Image.fromarray(np.stack([grey] * 3, axis=-1), "LAB"), "TIFF"),
        "tiff-pages": _pil(Image.fromarray(grey), "TIFF", save_all=True, append_images=[Image.fromarray(grey)]),
        "tiff-metadata": _pillow(rgb, "TIFF", exif=_exif(), icc_profile=_profile(), dpi=(300, 300)),
    }


def _pil(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _pillow(array: Any, kind: str, **options: Any) -> bytes:
    return _pil(Image.fromarray(array), kind, **options)


def _vips(array: Any, suffix: str, **options: Any) -> bytes:
    encoded: bytes = image_from_array(array).write_to_buffer(suffix, **options)
    return encoded


def _animation(kind: str, rgb: Any) -> bytes:
    frames = [Image.fromarray(np.roll(rgb, 5 * n, axis=1)) for n in range(3)]
    return _pil(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def _profile() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # Its header says when it was made; a seed says the same tomorrow.
    return profile[:24] + bytes(12) + profile[36:]


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "A maker of cameras"
    exif.get_ifd(0x8769)[0x9003] = "1931:05:04 12:00:00"
    exif.get_ifd(0x8825)[1] = "N"
    return exif.tobytes()


def _exif_with_thumbnail(rgb: Any) -> bytes:
    small = _pillow(rgb[::4, ::4], "JPEG")
    first = 8
    second = first + 2 + 12 + 4
    after = second + 2 + 3 * 12 + 4
    entries = [(259, 3, 1, 6), (513, 4, 1, after), (514, 4, 1, len(small))]
    return b"".join(
        [
            b"Exif\0\0II*\0",
            struct.pack("<I", first),
            struct.pack("<HHHIII", 1, 0x0112, 3, 1, 3, second),
            struct.pack("<H", len(entries)),
            *(struct.pack("<HHII", *entry) for entry in entries),
            struct.pack("<I", 0),
            small,
        ]
    )


def _swapped_tiff(grey: Any) -> bytes:
    height, width = grey.shape
    entries = [
        (256, 3, 1, width << 16),
        (257, 3, 1, height << 16),
        (258, 3, 1, 8 << 16),
        (259, 3, 1, 1 << 16),
        (262, 3, 1, 1 << 16),
        (273, 4, 1, 8),
        (277, 3, 1, 1 << 16),
        (278, 3, 1, height << 16),
        (279, 4, 1, grey.size),
    ]
    table = b"".join(struct.pack(">HHII", *entry) for entry in entries)
    start = struct.pack(">2sHI", b"MM", 42, 8 + grey.size)
    return start + grey.tobytes() + struct.pack(">H", len(entries)) + table + struct.pack(">I", 0)


def _rle_bmp(grey: Any) -> bytes:
    rows = []
    for row in grey[::-1]:
        runs = b"".join(bytes([2, value]) for value in row[::2])
        rows.append(runs + b"\0\0")
    data = b"".join(rows) + b"\0\1"
    palette = b"".join(bytes([n, n, n, 0]) for n in range(256))
    return _bmp(grey.shape[1], grey.shape[0], 8, 1, palette, data)


def _wide_bmp(grey: Any) -> bytes:
    return _bmp(grey.shape[1], -grey.shape[0], 16, 0, b"", (grey.astype("<u2") * 8).tobytes())


def _bmp(width: int, height: int, bits: int, compression: int, palette: bytes, data: bytes) -> bytes:
    colours = len(palette) // 4
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(data), 0, 0, colours, 0)
    begin = 14 + len(info) + len(palette)
    return struct.pack("<2sIHHI", b"BM", begin + len(data), 0, 0, begin) + info + palette + data


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of PNG whose checksum is right."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
