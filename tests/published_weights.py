"""Random weights under the names of published networks, by formula; files of them; and inputs to try them on.

The raw bits of PCG64 are the same in every version of NumPy, so results recorded with these weights stay valid.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np

RECORDS = Path(__file__).parent / "models" / "published"
ARCHITECTURES = ("eccv16", "siggraph17", "ddcolor-tiny", "ddcolor-large", "deoldify-artistic", "deoldify-stable")

# So that a, b have a standard deviation of 10 and more: the last layers' gain.
_GAINS = {
    "model_out.weight": 24.0,
    "model8.6.weight": 6.0,
    "model_out.0.weight": 0.4,
    "refine_net.0.0.weight_orig": 3.0,
    "layers.11.0.weight_orig": 0.5,
}


@cache
def recorded_shapes(architecture: str) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of the authors' own `state_dict()`, by scripts/record_published.py."""
    names = json.loads((RECORDS / f"{architecture}.json").read_text())
    return {name: tuple(shape) for name, shape in names.items()}


def random_weights(shapes: dict[str, tuple[int, ...]], seed: int = 0) -> dict[str, np.ndarray]:
    """Make float32 weights (int64 counters) that keep a signal's size from layer to layer."""
    made = {}
    for position, (name, shape) in enumerate(shapes.items()):
        if name.endswith("num_batches_tracked"):
            made[name] = np.array(1000, np.int64)
            continue
        bits = np.random.PCG64([seed, position]).random_raw(int(np.prod(shape)))
        noise = ((bits >> 40).astype(np.float32) / (1 << 23) - 1).reshape(shape)  # -1..1, variance 1/3
        made[name] = _scaled(name, shape, noise)
    for name in [name for name in made if name.endswith("weight_u")]:
        # Spectral norm divides by u·Wv: 2 here, which is also taken out of W above.
        layer = name.removesuffix("weight_u")
        weight = made[f"{layer}weight_orig"]
        image = weight.reshape(len(weight), -1) @ made[f"{layer}weight_v"]
        made[name] = (2 * image / np.dot(image, image)).astype(np.float32)
    return made


@cache
def _made(architecture: str) -> dict[str, np.ndarray]:
    return random_weights(recorded_shapes(architecture))


def save_official(architecture: str, path: Path, **changes: np.ndarray | None) -> Path:
    """Write a file of random weights as authors do: DDColor under "params", DeOldify in PyTorch's old layout.

    Args:
        architecture: one of `ARCHITECTURES`.
        path: of the file.
        changes: arrays in place of those, by name; None to leave one out.
    """
    import torch

    state = _made(architecture) | changes
    tensors = {name: torch.from_numpy(array) for name, array in state.items() if array is not None}
    whole = {"params": tensors} if architecture.startswith("ddcolor") else tensors
    torch.save(whole, path, _use_new_zipfile_serialization=not architecture.startswith("deoldify"))
    return path


def _scaled(name, shape, noise):
    *_, layer, part = "", *name.split(".")
    if name in ("mean", "std"):
        values = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}[name]
        return np.array(values, np.float32).reshape(shape)
    if part == "running_var":
        return 1 + noise / 4
    if part == "running_mean" or "bias" in part:
        return noise / 10
    if part == "gamma":
        return 0.3 + noise / 10
    if part == "weight_g":
        return 1 + noise / 4
    if len(shape) == 1:  # norms; the last of a residual block's lets the sum grow slowly
        return (0.3 if layer in ("bn2", "bn3") else 1) + noise / 8
    if "embed.weight" in name or "query_feat" in name:
        return noise
    below = int(np.prod(shape[1:]))
    if "up.0" in name or name == "model8.0.weight":  # transposed: a quarter of its square meets each pixel
        below = shape[0] * shape[2] * shape[3] // 4
    spectral = 2 if part == "weight_orig" else 1
    return noise * np.float32(np.sqrt(3 * 2 / below) * spectral * _GAINS.get(name, 1))


def a_lightness(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Make a lightness plane [1,1,H,W], 5..95: waves, edges and some noise."""
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    waves = np.sin(rows / 7 + columns / 11) + np.sign(np.sin(rows / 13 - columns / 9))
    bits = np.random.PCG64([seed, 99]).random_raw(height * width).reshape(height, width)
    noise = (bits >> 40) / (1 << 23) - 1
    return np.clip(50 + 18 * waves + 5 * noise, 5, 95).astype(np.float32)[None, None]


def some_hints(height: int, width: int) -> np.ndarray:
    """Make hints [1,3,H,W]: two places with colours, and nothing elsewhere."""
    hints = np.zeros((1, 3, height, width), np.float32)
    hints[0, :, 2:6, 3:9] = np.array([40, -30, 1])[:, None, None]
    hints[0, :, -9:-4, -7:] = np.array([-25, 50, 1])[:, None, None]
    return hints
