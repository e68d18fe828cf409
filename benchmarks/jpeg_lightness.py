"""How far a JPEG's lightness moves between photo and result, at the photo's own quality and at the default's.

    python benchmarks/jpeg_lightness.py [PHOTO ...] [--saved-at 95]

Each photo, by default the examples, is saved as a grey and as a colour JPEG of that quality, with colours at full
and at half size, and colorized. Prints the mean distance in L* per pixel, for the photos together and for the
worst, beside what saving the photo once more, in its own tables, costs.
"""

from __future__ import annotations

import argparse
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from photochrom import Colorizer, Options
from photochrom.color.recombine import lightness_of
from photochrom.io.jpeg_quality import jpeg_quality

EXAMPLES = sorted(
    path for path in (Path(__file__).parents[1] / "examples").iterdir() if path.suffix in (".jpg", ".png")
)
KINDS = {"grey": ("L", 0), "colour, 4:4:4": ("RGB", 0), "colour, 4:2:0": ("RGB", 2)}


def lightness(file: Any) -> Any:
    with Image.open(file) as image:
        pixels = np.asarray(image)
    return lightness_of(pixels if pixels.ndim == 3 else pixels[..., None])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="*", type=Path, default=EXAMPLES)
    parser.add_argument("--saved-at", type=int, default=95, help="quality of the photos (95)")
    args = parser.parse_args()

    colorizer = Colorizer()
    print(f"{len(args.photos)} photos saved at {args.saved_at}: mean distance in L*, and that of the worst photo")
    with tempfile.TemporaryDirectory() as folder:
        for kind, (mode, subsampling) in KINDS.items():
            moved: dict[str, list[float]] = {"saved once more": [], "own quality": [], "92": []}
            for number, path in enumerate(args.photos):
                photo = Path(folder, f"{number}.jpg")
                with Image.open(path) as image:
                    image.convert(mode).save(photo, quality=args.saved_at, subsampling=subsampling)
                before = lightness(photo)
                with Image.open(photo) as image:
                    image.save(again := BytesIO(), "JPEG", quality=args.saved_at, subsampling=subsampling)
                moved["saved once more"].append(float(np.abs(lightness(again) - before).mean()))
                for name, quality in (("own quality", None), ("92", 92)):
                    result = Path(folder, "result.jpg")
                    colorizer.open(photo).save(result, Options(quality=quality), overwrite=True)
                    if quality is None and jpeg_quality(result) != max(92, args.saved_at):
                        raise SystemExit(f"{path}: the result has quality {jpeg_quality(result)}")
                    moved[name].append(float(np.abs(lightness(result) - before).mean()))
            said = (f"{name} {np.mean(each):.3f} ({max(each):.3f})" for name, each in moved.items())
            print(f"{kind:14} {', '.join(said)}")


if __name__ == "__main__":
    main()
