"""Tags of TIFF and EXIF that are not true of a new picture, by what they are about.

docs/metadata.md has the same as a table, with the reasons.
"""

from __future__ import annotations

__all__ = ["CORRECTED", "CREDENTIALS", "FALSE", "FALSE_IN_EXIF", "MAP", "PLACES_IN_EXIF", "STRUCTURAL"]

STRUCTURAL = frozenset(
    [
        *range(254, 260),  # what kind of image, width, height, bits, compression
        *(262, 263, 264, 265, 266),  # meaning and order of samples
        *(273, 274, 277, 278, 279, 280, 281, 284),  # strips, orientation, channels, range, planes
        *(282, 283, 296),  # resolution, which libvips carries
        *(288, 289, 290, 291, 292, 293, 297, 300, 301),  # free space, grey response, fax, page number, tone curve
        *range(317, 329),  # predictor, colours of white and primaries, palette, halftone, tiles, fax
        330,  # directories of previews, which would stay grey
        *(332, 333, 334, 336, 338, 339, 340, 341, 342, 346, 347),  # inks, extra samples, sample range, JPEG tables
        *(400, 401, 402, 403, 404, 405, 433, 434, 435, 559),  # TIFF-FX
        *range(512, 522),  # JPEG of TIFF 6.0, of which 513 and 514 are a thumbnail
        *(529, 530, 531, 532),  # YCbCr
        *(700, 33723, 34377, 34675),  # XMP, IPTC, Photoshop's resources, ICC: libvips carries them
        *range(32995, 33000),  # SGI's shape of samples
        *(33421, 33422, 37439, 50706, 50707),  # raw sensor data, LogLuv, and the claim to be a DNG
        37724,  # Photoshop's layers, which are pixels of the old picture
    ]
)
"""Tags of a first page that say how its pixels are stored, or that libvips carries itself."""

CORRECTED = frozenset([256, 257, 274, 282, 283, 296, 531, 33723, 34377])
"""Those of `STRUCTURAL` that EXIF blocks may have, and that are made true where they do."""

_RAW = frozenset(
    [
        *range(50710, 50735),  # DNG's development of raw samples, and DefaultCropOrigin and DefaultCropSize
        *(50737, 50738, 50739, 50778, 50779, 50780),
        *range(50828, 50835),  # the raw file itself, ActiveArea, MaskedAreas, profiles
        *(50879, *range(50931, 50943), *range(50964, 50976), 50981, 50982),  # profiles and previews
        *(
            51008,
            51009,
            51022,
            51041,
            51089,
            51090,
            51091,
            *range(51107, 51113),
            51125,
        ),  # opcodes, DefaultUserCrop
        *range(51177, 51183),  # depth
        *(
            52525,
            52526,
            52527,
            52528,
            *range(52529, 52545),
            *range(52547, 52554),
        ),  # masks, and profiles of DNG 1.6
    ]
)
"""Of a DNG: how raw samples become a picture, which has been done; not what names camera and lens."""

CREDENTIALS = 52545
"""Where a TIFF has its signed history (C2PA 2.1)."""

FALSE = (STRUCTURAL - CORRECTED) | _RAW | frozenset([50341, CREDENTIALS, *range(0x5001, 0x5114)])
"""Of the first directory; 50341 says how to print (PrintIM), and those from 0x5001 on how GDI+ stored pixels."""

FALSE_IN_EXIF = frozenset([0x9102, 0xA500])
"""Of the EXIF directory: bits per pixel of the old compression, and the gamma of the old numbers."""

PLACES_IN_EXIF = frozenset([0x9214, 0xA20E, 0xA20F, 0xA210, 0xA214])
"""Of the EXIF directory: where the subject is, and how many pixels the sensor has to an inch."""

MAP = frozenset([33550, 33920, 33922, 34264, 34735, 34736, 34737, 50844])
"""Of the first directory: where in the world the pixels are (GeoTIFF)."""
