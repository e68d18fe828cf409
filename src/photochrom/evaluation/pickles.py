"""Arrays out of a pickle from elsewhere, of which nothing but arrays is let in."""

from __future__ import annotations

import pickle
from importlib import import_module
from pathlib import Path
from typing import Any

from photochrom.errors import NetworkError, reason_of

__all__ = ["load_arrays"]

# Under both names that NumPy's multiarray has had.
_ADMITTED = {
    ("numpy", "ndarray"): ("numpy", "ndarray"),
    ("numpy", "dtype"): ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"): ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"): ("numpy._core.multiarray", "_reconstruct"),
}


def load_arrays(path: Path) -> Any:
    """Read a pickle of NumPy arrays in dictionaries and lists.

    Raises:
        NetworkError: if it names anything else, which a pickle would run, or is damaged.
    """
    try:
        with path.open("rb") as file:
            return _Arrays(file).load()
    except (pickle.UnpicklingError, EOFError, OSError, AttributeError, IndexError, TypeError, ValueError) as error:
        raise NetworkError(
            path, f"holds no arrays that can be read safely ({reason_of(error, path)})", "install it again"
        ) from error


class _Arrays(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"it wants to call {module}.{name}")
        home, own = _ADMITTED[module, name]
        try:
            return getattr(import_module(home), own)
        except ModuleNotFoundError:  # NumPy 1
            return getattr(import_module(module), own)
