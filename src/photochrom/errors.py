"""Every error that photochrom raises on purpose, as one tree.

    PhotochromError
    ├── PhotoError            a file is no photo, is damaged, or cannot be read
    │   └── TooLargeError     a photo has more pixels than are allowed
    ├── OutputError           a result cannot be written where it was asked for
    │   └── UnfitError        a result is too large for its format
    ├── NetworkError          a network is unknown, or its file breaks the contract
    ├── HintError             a file of hints cannot be read, or a hint in it is none
    ├── DataError             a folder or shard of training photos cannot be used
    ├── RecipeError           a recipe has an unknown key or an impossible value
    ├── CheckpointError       a checkpoint is missing, damaged, or of another recipe
    ├── TrainingError         training cannot go on (memory, disk)
    │   └── DivergedError     the loss is no longer a number
    └── MissingExtraError     a feature needs packages that are not installed

A message is one line and says what to do. The command line prints it after ``photochrom:`` and exits with 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = [
    "CheckpointError",
    "DataError",
    "DivergedError",
    "HintError",
    "MissingExtraError",
    "NetworkError",
    "OutputError",
    "PhotoError",
    "PhotochromError",
    "RecipeError",
    "TooLargeError",
    "TrainingError",
    "UnfitError",
    "require_extra",
]


class PhotochromError(Exception):
    """Base of every error that photochrom raises on purpose."""


class PhotoError(PhotochromError):
    """A file is no photo, is damaged, or cannot be read."""


class TooLargeError(PhotoError):
    """A photo has more pixels than are allowed, or than this computer's memory can hold."""


class OutputError(PhotochromError):
    """A result cannot be written where it was asked for."""


class UnfitError(OutputError):
    """A result is too large for the format that was chosen."""


class NetworkError(PhotochromError):
    """A network is unknown, or its file breaks the network contract."""


class HintError(PhotochromError):
    """A file of hints cannot be read, or a hint in it is none."""


class DataError(PhotochromError):
    """A folder or shard of training photos cannot be used."""


class RecipeError(PhotochromError):
    """A recipe has an unknown key, a value of the wrong type or an impossible one."""


class CheckpointError(PhotochromError):
    """A checkpoint is missing, damaged, or belongs to another recipe."""


class TrainingError(PhotochromError):
    """Training cannot go on: memory or the disk is full, or the device is not there."""


class DivergedError(TrainingError):
    """The loss became infinite or not a number; a lower learning rate may help."""


class MissingExtraError(PhotochromError):
    """A feature needs packages that are not installed."""


@contextmanager
def require_extra(extra: str, feature: str) -> Iterator[None]:
    """Turn a failed import inside the block into one line that names the pip command.

    Args:
        extra: name of the optional dependency group, such as ``"train"``.
        feature: what needs it, as the sentence's subject ("Training").

    Raises:
        MissingExtraError: if an import inside the block fails for a package that is not photochrom's own.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "photochrom":
            raise
        raise MissingExtraError(
            f"{feature} needs the package {error.name}, which is not installed: "
            f'run  pip install "photochrom[{extra}]"'
        ) from error
