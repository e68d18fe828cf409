"""Every error that photochrom raises on purpose, as one tree, each kind with its code.

    PhotochromError           error                 none of the kinds below
    ├── PhotoError            photo-unreadable      a file is no photo, is damaged, or cannot be read
    │   ├── PhotoKindError    photo-kind-unread     a file is sound, but of a kind that is not read
    │   └── TooLargeError     photo-too-large       a photo needs too much memory, or has too long a side
    │       ├── PixelLimitError  photo-over-limit   a photo has more pixels than are allowed
    │       └── OutOfMemoryError  out-of-memory     there was too little memory for a photo
    ├── OutputError           output-unwritable     a result cannot be written where it was asked for
    │   └── UnfitError        output-unfit          a result does not fit into its format
    ├── NetworkError          network-unusable      a network's file breaks the contract, or it fails
    │   ├── UnknownNetworkError  network-unknown    there is no network of that name
    │   ├── CapabilityError   network-incapable     a network lacks an input or an output that is asked for
    │   └── DownloadError     network-not-fetched   a published network is not here, or cannot be fetched
    ├── HintError             hint-invalid          a file of hints cannot be read, or a hint in it is none
    ├── DataError             data-unusable         a folder or shard of training photos cannot be used
    ├── RecipeError           recipe-invalid        a recipe has an unknown key or an impossible value
    ├── CheckpointError       checkpoint-unusable   a checkpoint is missing, damaged, or of another recipe
    ├── TrainingError         training-failed       training cannot go on (memory, disk)
    │   └── DivergedError     training-diverged     the loss is no longer a number
    ├── MissingExtraError     extra-missing         a feature needs packages that are not installed
    ├── SettingError          setting-invalid       the service cannot be started as it is asked to
    ├── UsageError            usage                 arguments of the command line contradict each other
    ├── UnreachableError      service-unreachable   a service on another computer does not answer
    ├── WorkerError           worker-failed         a worker process died, or none can be started
    │   ├── QueueFullError    queue-full            as many jobs wait as may
    │   ├── JobTimeoutError   job-timeout           a job took longer than it may
    │   └── PoolClosedError   pool-closed           the work is ending
    └── UnexpectedError       unexpected            something failed that should not; a report is welcome

The service adds those of requests (`photochrom.server.request_errors`). An error has three parts: what it is
about, what is wrong with that, and what to do. Command line, service and page each make their sentence of the
parts, and call the subject by the name that its user knows (`PhotochromError.about`). No code looks into a text:
what tells kinds apart is the class, or its code.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from os import PathLike

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from typing import ClassVar, Self

__all__ = [
    "CapabilityError",
    "CheckpointError",
    "DataError",
    "DivergedError",
    "DownloadError",
    "HintError",
    "JobTimeoutError",
    "MissingExtraError",
    "NetworkError",
    "OutOfMemoryError",
    "OutputError",
    "PhotoError",
    "PhotoKindError",
    "PhotochromError",
    "PixelLimitError",
    "PoolClosedError",
    "QueueFullError",
    "RecipeError",
    "SettingError",
    "TooLargeError",
    "TrainingError",
    "UnexpectedError",
    "UnfitError",
    "UnknownNetworkError",
    "UnreachableError",
    "UsageError",
    "WorkerError",
    "reason_of",
    "require_extra",
]

_LONGEST = 200  # letters of another library's text


class PhotochromError(Exception):
    """Base of every error that photochrom raises on purpose; ``str(error)`` is its one line.

    Args:
        subject: the file or field that it is about, or None where there is none.
        problem: what is wrong, without naming the subject.
        remedy: what to do about it.

    Attributes:
        code: of its kind, which stays what it is from version to version.
    """

    code: ClassVar[str] = "error"

    def __init__(self, subject: str | PathLike[str] | None, problem: str, remedy: str) -> None:
        # Pickle makes an error of another process again from these arguments.
        super().__init__(None if subject is None else str(subject), problem, remedy)

    @property
    def subject(self) -> str | None:
        """The file or field that it is about, or None."""
        subject: str | None = self.args[0]
        return subject

    @property
    def problem(self) -> str:
        """What is wrong with the subject."""
        problem: str = self.args[1]
        return problem

    @property
    def remedy(self) -> str:
        """What to do."""
        remedy: str = self.args[2]
        return remedy

    @property
    def statement(self) -> str:
        """What is wrong with what, without the remedy."""
        return self.problem if self.subject is None else f"{self.subject}: {self.problem}"

    def __str__(self) -> str:
        return f"{self.statement}; {self.remedy}"

    def about(self, subject: str | PathLike[str] | None) -> Self:
        """Return the same error about another subject: a file by the name that its user knows.

        It is a copy without a traceback, so it may be kept: it holds no frame that the error came through.
        """
        other = copy(self)
        other.args = (None if subject is None else str(subject), self.problem, self.remedy)
        return other


class PhotoError(PhotochromError):
    """A file is no photo, is damaged, or cannot be read."""

    code = "photo-unreadable"


class PhotoKindError(PhotoError):
    """A file is sound, but of a kind that photochrom does not read, or not without an extra."""

    code = "photo-kind-unread"


class TooLargeError(PhotoError):
    """A photo has a longer side than can be read, or needs more memory than this computer has."""

    code = "photo-too-large"


class PixelLimitError(TooLargeError):
    """A photo has more pixels than are allowed."""

    code = "photo-over-limit"


class OutOfMemoryError(TooLargeError):
    """There was too little memory for a photo while it was worked on."""

    code = "out-of-memory"


class OutputError(PhotochromError):
    """A result cannot be written where it was asked for."""

    code = "output-unwritable"


class UnfitError(OutputError):
    """A result does not fit into the format that was chosen."""

    code = "output-unfit"


class NetworkError(PhotochromError):
    """A network's file cannot be opened or breaks the network contract, or the network fails."""

    code = "network-unusable"


class UnknownNetworkError(NetworkError):
    """There is no network of that name."""

    code = "network-unknown"


class CapabilityError(NetworkError):
    """A network lacks an input or an output that is asked for."""

    code = "network-incapable"


class DownloadError(NetworkError):
    """A published network is not on this computer yet, or its weights cannot be fetched."""

    code = "network-not-fetched"


class HintError(PhotochromError, ValueError):
    """A file of hints cannot be read, or a hint in it is none."""

    code = "hint-invalid"


class DataError(PhotochromError):
    """A folder or shard of training photos cannot be used."""

    code = "data-unusable"


class RecipeError(PhotochromError, ValueError):
    """A recipe has an unknown key, a value of the wrong type or an impossible one."""

    code = "recipe-invalid"


class CheckpointError(PhotochromError):
    """A checkpoint is missing, damaged, or belongs to another recipe."""

    code = "checkpoint-unusable"


class TrainingError(PhotochromError):
    """Training cannot go on: memory or the disk is full, or the device is not there."""

    code = "training-failed"


class DivergedError(TrainingError):
    """The loss became infinite or not a number; a lower learning rate may help."""

    code = "training-diverged"


class MissingExtraError(PhotochromError):
    """A feature needs packages that are not installed."""

    code = "extra-missing"


class SettingError(PhotochromError):
    """The service cannot be started as it is asked to: no such address, no room for uploads, no good tokens."""

    code = "setting-invalid"


class UsageError(PhotochromError):
    """Arguments of the command line contradict each other."""

    code = "usage"


class UnreachableError(PhotochromError):
    """A service that photos are sent to does not answer, or the line to it broke too often."""

    code = "service-unreachable"


class WorkerError(PhotochromError):
    """A worker process died, or none can be started."""

    code = "worker-failed"


class QueueFullError(WorkerError):
    """As many jobs wait as may."""

    code = "queue-full"


class JobTimeoutError(WorkerError):
    """A job took longer than it may."""

    code = "job-timeout"


class PoolClosedError(WorkerError):
    """The work is ending, and this is not begun or not through."""

    code = "pool-closed"


class UnexpectedError(PhotochromError):
    """Something failed that should not have; a report is welcome."""

    code = "unexpected"


def reason_of(error: BaseException, *paths: str | PathLike[str]) -> str:
    """Say in a few words why another library, or the system, failed.

    Args:
        error: of another library; the parts of photochrom's own errors are used instead.
        paths: files that its text may name, and that a user may know by another name: it calls them "it".

    Returns:
        The system's reason where it is one of the system's errors; else the first line of the error's text.
    """
    reason = getattr(error, "strerror", None)
    if reason:
        return str(reason)
    lines = str(error).strip().splitlines()
    line = lines[0] if lines else type(error).__name__
    for path in paths:
        line = line.replace(str(path), "it")
    return line[:_LONGEST]


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
            None,
            f"{feature} needs the package {error.name}, which is not installed",
            f'run  pip install "photochrom[{extra}]"',
        ) from error
