"""How a, b get from network size to photo size, and how a photo gets into the network: three tables.

    OMP_NUM_THREADS=1 VIPS_CONCURRENCY=1 python benchmarks/upsampling.py upsample large-photos/
    python benchmarks/upsampling.py frame photos/
    python benchmarks/upsampling.py stretch photos/

`photos/` is a folder of colour photos, at any depth, or of .tar shards. See docs/upsampling.md.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from math import sqrt

import numpy as np
import pyvips
from scipy.ndimage import binary_dilation, uniform_filter
from skimage.color import deltaE_ciede2000
from skimage.feature import canny

from photochrom.color import cielab
from photochrom.color.guided_upsample import GuidedUpsampler
from photochrom.data.photos import find_photos
from photochrom.inference.catalogue import DEFAULT_NETWORK
from photochrom.inference.onnx_model import Network
from photochrom.inference.preprocess import network_shape, stretched
from photochrom.io import vips
from photochrom.io.picture import Picture

Upsample = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]

MEGAPIXELS = 4  # larger photos are shrunk to this: JPEG stores half of a, b's resolution or less
GRAIN = 5.0  # standard deviation of lightness, pixel by pixel
EVERY = 3  # pixels across and down of which one is judged
ROWS = 256  # to a strip


def photos(folder: str, count: int, least_aspect: float = 1.0) -> Iterator[np.ndarray]:
    """Yield `count` colour photos, spread over the folder: uint8 RGB H×W×3."""
    refs = find_photos(folder)
    for ref in refs[:: max(1, len(refs) // count)][:count]:
        pixels = Picture.read(ref.read()).pixels
        height, width, bands = pixels.shape
        if bands == 3 and pixels.dtype == np.uint8 and max(height, width) >= least_aspect * min(height, width):
            yield pixels


def shrink(array: np.ndarray, height: int, width: int) -> np.ndarray:
    return vips.resize_array(array, height, width)(0, height)


def interpolated(kind: str) -> Upsample:
    """Upsample by libvips; the offsets put the middle of the first pixel where it belongs."""

    def upsample(ab: np.ndarray, seen: np.ndarray, lightness: np.ndarray) -> np.ndarray:
        (h, w), (height, width) = seen.shape, lightness.shape
        result: np.ndarray = (
            pyvips.Image.new_from_array(ab)
            .affine(
                [width / w, 0, 0, height / h],
                interpolate=pyvips.Interpolate.new(kind),
                oarea=[0, 0, width, height],
                extend="copy",
                idx=0.5,
                idy=0.5,
                odx=-0.5,
                ody=-0.5,
            )
            .numpy()
        )
        return result

    return upsample


def nearest(ab: np.ndarray, seen: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    y, x = (np.arange(n) * m // n for n, m in zip(lightness.shape, seen.shape, strict=True))
    return ab[y][:, x]


def joint_bilateral(ab: np.ndarray, seen: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """Kopf et al., "Joint bilateral upsampling" (2007): 16 neighbours, Gaussians of 0.7 pixels and of L = 5."""
    at = [(np.arange(n) + 0.5) * m / n - 0.5 for n, m in zip(lightness.shape, seen.shape, strict=True)]
    total, weights = np.zeros((*lightness.shape, 2), np.float32), np.zeros((*lightness.shape, 1), np.float32)
    for dy in range(-1, 3):
        for dx in range(-1, 3):
            near = [np.floor(c) + d for c, d in zip(at, (dy, dx), strict=True)]
            space = [np.exp(-(((n - c) / 0.7) ** 2) / 2) for n, c in zip(near, at, strict=True)]
            pick = np.ix_(*(np.clip(n, 0, m - 1).astype(int) for n, m in zip(near, seen.shape, strict=True)))
            alike = np.exp(((lightness - seen[pick]) / np.float32(5)) ** 2 / -2) + np.float32(1e-4)
            weight = alike * np.outer(*space).astype(np.float32)
            total += weight[..., None] * ab[pick]
            weights += weight[..., None]
    return total / weights


def guided(ab: np.ndarray, seen: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """He and Sun, "Fast guided filter" (2015): window 3×3 of the network's pixels, epsilon 10."""

    def mean(planes: np.ndarray) -> np.ndarray:
        return uniform_filter(planes.astype(np.float64), (3, 3, 1), mode="nearest")

    light = seen[..., None]
    slope = (mean(ab * light) - mean(ab) * mean(light)) / (mean(light * light) - mean(light) ** 2 + 10)
    both = mean(np.concatenate([slope, mean(ab) - slope * mean(light)], axis=2)).astype(np.float32)
    large = interpolated("bilinear")(both, seen, lightness)
    return large[..., :2] * lightness[..., None] + large[..., 2:]


def along_edges(ab: np.ndarray, seen: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    upsample = GuidedUpsampler(ab, seen, *lightness.shape)
    result = np.empty((2, *lightness.shape), np.float32).transpose(1, 2, 0)
    for top in range(0, len(result), ROWS):
        result[top : top + ROWS] = upsample(top, min(len(result), top + ROWS), lightness[top : top + ROWS])
    return result


METHODS: dict[str, Upsample] = {
    "nearest": nearest,
    "bilinear": interpolated("bilinear"),
    "bicubic": interpolated("bicubic"),
    "joint bilateral": joint_bilateral,
    "guided filter": guided,
    "GuidedUpsampler": along_edges,
}


def edges(plane: np.ndarray) -> np.ndarray:
    """Pixels within 4 of an edge: Canny, Gaussian of 2 pixels, thresholds of 5 and 10 CIELAB units."""
    across, down = np.mgrid[-4:5, -4:5]
    found = canny(plane / 100, sigma=2, low_threshold=0.05, high_threshold=0.1)
    near: np.ndarray = binary_dilation(found, across**2 + down**2 <= 16)
    return near


def upsample_table(folder: str, count: int, sizes: list[int]) -> None:
    scores: dict[tuple[str, int, str], list[list[float]]] = defaultdict(list)
    seconds: dict[tuple[str, int], float] = defaultdict(float)
    pixels, taken = 0, 0
    some = np.s_[::EVERY, ::EVERY]
    for rgb in photos(folder, count):
        height, width = rgb.shape[:2]
        if height * width < 2e6:
            continue
        if (scale := sqrt(MEGAPIXELS * 1e6 / (height * width))) < 1:
            height, width = round(height * scale), round(width * scale)
            rgb = shrink(rgb, height, width)
        truth = cielab.rgb_to_lab(rgb)
        near_light = edges(truth[..., 0])
        near_colour = edges(truth[..., 1]) | edges(truth[..., 2])
        masks = [np.ones_like(near_light), near_light, near_colour]
        grain = np.random.default_rng(0).normal(0, GRAIN, (height, width)).astype(np.float32)
        pixels, taken = pixels + height * width, taken + 1
        for size in sizes:
            h, w = network_shape(height, width, size)
            ab = shrink(np.ascontiguousarray(truth[..., 1:]), h, w)
            seen = cielab.lightness(shrink(rgb, h, w))
            for name, upsample in METHODS.items():
                for scan in ("clean", "grain"):
                    lightness = truth[..., 0] + (grain if scan == "grain" else 0)
                    start = time.process_time()
                    result = upsample(ab, seen, lightness)
                    seconds[name, size] += (time.process_time() - start) / 2
                    guess = np.concatenate([truth[some][..., :1], result[some]], axis=2)
                    wrong = deltaE_ciede2000(truth[some], guess)
                    scores[name, size, scan].append(
                        [wrong[mask[some]].mean() if mask[some].any() else np.nan for mask in masks]
                    )
    print(f"{taken} photos, {pixels / taken / 1e6:.1f} megapixels; CIEDE2000")
    for size in sizes:
        print(
            f"\n| from {size}×{size} | all | near an edge of L | near an edge of a or b | grain: all | ns/pixel |"
        )
        print("|---|--:|--:|--:|--:|--:|")
        for name in METHODS:
            clean, rough = (np.nanmean(scores[name, size, scan], axis=0) for scan in ("clean", "grain"))
            figures = [*clean, rough[0]]
            cost = seconds[name, size] / pixels * 1e9
            print(f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in figures) + f" | {cost:.1f} |")
    better = {k: np.array(scores["GuidedUpsampler", k, "clean"]) < scores["bicubic", k, "clean"] for k in sizes}
    print(
        "\nphotos on which the GuidedUpsampler beats bicubic, over all:",
        {k: int(v[:, 0].sum()) for k, v in better.items()},
    )


def print_pairs(scores: dict[str, list[float]], reference: str) -> None:
    """Print the mean of each way, and by how much it differs from the reference on the same photos."""
    for name, values in scores.items():
        change = np.array(values) - scores[reference]
        error = change.std() / sqrt(len(change))
        print(f"| {name} | {np.mean(values):.2f} | {change.mean():+.2f} ± {error:.2f} |")


def frame_table(folder: str, count: int, size: int, network: Network) -> None:
    scores: dict[str, list[float]] = defaultdict(list)
    for rgb in photos(folder, count, least_aspect=1.2):
        height, width = rgb.shape[:2]
        truth = cielab.rgb_to_lab(rgb)
        lightness = np.ascontiguousarray(truth[..., 0])

        def run(seen: np.ndarray) -> np.ndarray:
            return np.ascontiguousarray(network.run(seen[None, None], outputs=["ab"])["ab"][0].transpose(1, 2, 0))

        def see(part: np.ndarray, h: int, w: int) -> np.ndarray:
            return cielab.lightness(shrink(np.ascontiguousarray(part), h, w))

        longer, shorter = max(height, width), min(height, width)
        ways: dict[str, np.ndarray] = {"grey, a = b = 0": np.zeros((*lightness.shape, 2), np.float32)}
        for name, scale in (
            ("aspect kept, area of the square", size / sqrt(height * width)),
            ("aspect kept, shorter side of the square (as tiles would)", size / shorter),
        ):
            seen = see(rgb, round(height * scale), round(width * scale))
            ways[name] = along_edges(run(seen), seen, lightness)
        seen = see(rgb, size, size)
        ways["resized to a square"] = along_edges(run(seen), seen, lightness)
        seen = see(rgb, round(height * size / longer), round(width * size / longer))
        for name, mode in (("black bars", "constant"), ("mirrored bars", "reflect")):
            top, left = ((size - side) // 2 for side in seen.shape)
            bars = [(top, size - top - seen.shape[0]), (left, size - left - seen.shape[1])]
            ab = run(np.pad(seen, bars, mode=mode))[top : top + seen.shape[0], left : left + seen.shape[1]]  # type: ignore[call-overload]
            ways[f"letterbox, {name}"] = along_edges(ab, seen, lightness)
        top, left = (height - shorter) // 2, (width - shorter) // 2
        square = np.s_[top : top + shorter, left : left + shorter]
        seen = see(rgb[square], size, size)
        inner = along_edges(run(seen), seen, np.ascontiguousarray(lightness[square]))
        rest = [(top, height - top - shorter), (left, width - left - shorter), (0, 0)]
        ways["centre square, its rim repeated beyond"] = np.pad(inner, rest, mode="edge")
        for name, ab in ways.items():
            guess = np.concatenate([truth[..., :1], ab], axis=2)[::EVERY, ::EVERY]
            scores[name].append(float(deltaE_ciede2000(truth[::EVERY, ::EVERY], guess).mean()))
    count = len(scores["resized to a square"])
    print(f"{count} photos of aspect 1.2 and more; {network.card.name}, {size}×{size}")
    print("\n| into the network | CIEDE2000 | against aspect kept |\n|---|--:|--:|")
    print_pairs(scores, "aspect kept, area of the square")


def to_full_range(lightness: np.ndarray) -> np.ndarray:
    """Stretch the 1st to 99th percentile to 0..100, at most threefold."""
    first, last = np.percentile(lightness, (1, 99))
    gain = min(100 / max(last - first, 1e-6), 3.0)
    return np.clip((lightness - (first + last) / 2) * gain + 50, 0, 100).astype(np.float32)


STRETCHES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as it is": lambda seen: seen,
    "stretched to 0..100": to_full_range,
    "stretched where it lacks contrast, as photochrom does": stretched,
}
FADES = {"unfaded": (0.0, 1.0), "L' = 20 + 0.6 L": (20.0, 0.6), "L' = 35 + 0.4 L": (35.0, 0.4)}


def stretch_table(folder: str, count: int, size: int, network: Network) -> None:
    scores: dict[str, dict[str, list[float]]] = {fade: defaultdict(list) for fade in FADES}
    chroma: dict[tuple[str, str], list[float]] = defaultdict(list)
    grey = []
    for rgb in photos(folder, count):
        truth = cielab.rgb_to_lab(shrink(rgb, *network_shape(*rgb.shape[:2], size)))
        grey.append(deltaE_ciede2000(truth, truth * [1, 0, 0]).mean())
        for fade, (base, slope) in FADES.items():
            for name, way in STRETCHES.items():
                seen = way(np.float32(base) + np.float32(slope) * truth[..., 0])
                ab = network.run(np.ascontiguousarray(seen)[None, None], outputs=["ab"])["ab"][0].transpose(
                    1, 2, 0
                )
                guess = np.concatenate([truth[..., :1], ab], axis=2)
                scores[fade][name].append(float(deltaE_ciede2000(truth, guess).mean()))
                chroma[fade, name].append(float(np.hypot(ab[..., 0], ab[..., 1]).mean()))
    print(f"{len(grey)} photos, {network.card.name} at {size}×{size}; grey, a = b = 0: {np.mean(grey):.2f}")
    for fade, ways in scores.items():
        print(f"\n| {fade}; the network's copy | CIEDE2000 | against as it is |\n|---|--:|--:|")
        print_pairs(ways, "as it is")
        print("\nmean chroma:", {name: round(float(np.mean(chroma[fade, name])), 1) for name in ways})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=["upsample", "frame", "stretch"])
    parser.add_argument("photos", help="folder of colour photos or of .tar shards; of 2 megapixels for `upsample`")
    parser.add_argument("--count", type=int, default=200, help="how many photos at most")
    parser.add_argument("--size", type=int, default=160, help="side of the network's square")
    parser.add_argument("--network", default=DEFAULT_NETWORK, help="of `frame` and `stretch`: a name or a file")
    args = parser.parse_args()
    if args.table == "upsample":
        upsample_table(args.photos, args.count, [args.size, 256])
    else:
        table = {"frame": frame_table, "stretch": stretch_table}[args.table]
        table(args.photos, args.count, args.size, Network(args.network))


if __name__ == "__main__":
    main()
