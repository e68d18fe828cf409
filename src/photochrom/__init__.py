"""Colorize black-and-white photographs; train, study and measure the networks that do it.

Importing this package loads nothing heavy: each name below is fetched on first use.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from typing import Any

    from photochrom.album import colorize_album
    from photochrom.colorizer import Colorizer, colorize
    from photochrom.errors import PhotochromError
    from photochrom.hints import Hint, Region
    from photochrom.inference.onnx_model import list_networks
    from photochrom.inference.palette import palette_of
    from photochrom.inference.published.store import pull
    from photochrom.io.picture import Picture
    from photochrom.options import Options

__all__ = [
    "Colorizer",
    "Hint",
    "Options",
    "PhotochromError",
    "Picture",
    "Region",
    "__version__",
    "colorize",
    "colorize_album",
    "list_networks",
    "palette_of",
    "pull",
]

__version__ = "0.1.0"

_HOMES = {
    "Colorizer": "photochrom.colorizer",
    "Hint": "photochrom.hints",
    "Options": "photochrom.options",
    "PhotochromError": "photochrom.errors",
    "Picture": "photochrom.io.picture",
    "Region": "photochrom.hints",
    "colorize": "photochrom.colorizer",
    "colorize_album": "photochrom.album",
    "list_networks": "photochrom.inference.onnx_model",
    "palette_of": "photochrom.inference.palette",
    "pull": "photochrom.inference.published.store",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'photochrom' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
