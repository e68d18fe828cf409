"""How a photo of any size becomes what is measured: a square of fixed size, read as everywhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.io.crops import read_crop, read_resized

__all__ = ["PREPROCESSINGS", "Preprocessing"]


@dataclass(frozen=True)
class Preprocessing:
    """One way of preparing photos.

    Attributes:
        name: as the command line takes it.
        size: side of the square in pixels.
        description: one sentence for people.
    """

    name: str
    size: int
    description: str
    _read: Callable[..., NDArray[np.uint8]]

    def read(self, data: bytes, name: str) -> NDArray[np.uint8]:
        """Read a photo from its file's bytes as uint8 RGB 0..255, size×size×3.

        Raises:
            PhotoError: if it is damaged or no photo; `name` is what the error calls it.
        """
        return self._read(data, self.size, name=name)

    def as_dict(self) -> dict[str, Any]:
        """Return what a report says of it."""
        return {"name": self.name, "size": self.size, "description": self.description}


PREPROCESSINGS = {
    preprocessing.name: preprocessing
    for preprocessing in (
        Preprocessing(
            "center256",
            256,
            "Each photo is shrunk until its short side is 256 pixels, and the middle 256×256 of it are measured.",
            read_crop,
        ),
        Preprocessing(
            "squash256",
            256,
            "Each photo is resized to 256×256 pixels as a whole, whatever its aspect.",
            read_resized,
        ),
    )
}
