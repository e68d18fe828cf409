"""The catalogue: the networks that come with photochrom, and the file that a name or a path stands for."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from photochrom.errors import NetworkError, UnknownNetworkError

__all__ = ["DEFAULT_NETWORK", "bundled_networks", "network_file"]

DEFAULT_NETWORK = "photochrom-1"


@lru_cache(maxsize=1)
def bundled_networks() -> dict[str, Path]:
    """Map the names of the networks that come with photochrom to their files, sorted by name."""
    folder = Path(str(files("photochrom"))) / "weights"
    return {path.stem: path for path in sorted(folder.glob("*.onnx"))}


def network_file(network: str | Path) -> Path:
    """Return the file of a bundled network's name, or of a path.

    Raises:
        NetworkError: if there is no such network.
    """
    bundled = bundled_networks()
    if str(network) in bundled:
        return bundled[str(network)]
    path = Path(network)
    if path.is_file():
        return path
    if path.is_dir():
        raise NetworkError(path, "is a folder", "give the .onnx file inside it")
    if isinstance(network, Path) or path.suffix == ".onnx" or len(path.parts) > 1:
        raise UnknownNetworkError(path, "there is no such network file", "check the path")
    near = get_close_matches(str(network), bundled, n=1)
    known = f"did you mean {near[0]}? " if near else ""
    known += f"bundled: {', '.join(bundled)}" if bundled else "no network is bundled"
    raise UnknownNetworkError(
        network, "there is no network of that name", f"{known}; or give the path of an .onnx file"
    )
