"""What a job that fails is answered with: a status, and an error for people who know nothing of the service."""

from __future__ import annotations

import logging

from photochrom.errors import (
    CapabilityError,
    JobTimeoutError,
    NetworkError,
    OutOfMemoryError,
    OutputError,
    PhotochromError,
    PhotoError,
    PhotoKindError,
    PixelLimitError,
    PoolClosedError,
    QueueFullError,
    TooLargeError,
    UnexpectedError,
    UnfitError,
    WorkerError,
)
from photochrom.server.errors import HTTPError
from photochrom.server.request_errors import FullError, UnavailableError

__all__ = ["job_error"]

_log = logging.getLogger("photochrom.server")


def job_error(error: PhotochromError, name: str, retry_after: float) -> HTTPError:
    """Say what to answer where a job failed; what is the service's own fault goes to the log.

    Args:
        error: of the job or the pool.
        name: of the photo.
        retry_after: in how many seconds there may be room again.
    """
    retry = {"Retry-After": str(max(1, round(retry_after)))}
    match error:
        case QueueFullError():
            busy = QueueFullError(None, "The service has as much to do as it can", "try again a little later")
            return HTTPError(429, busy, retry)
        case JobTimeoutError():
            return HTTPError(
                504, JobTimeoutError(name, "took too long", "try a smaller photo, or try again later")
            )
        case PoolClosedError():
            ending = UnavailableError(None, "The service is ending", "try again later")
            return HTTPError(503, ending, {"Retry-After": "10"})
        case WorkerError(subject=None):
            _log.error("%s", error)
            return HTTPError(503, UnavailableError(None, "No worker can be started", "try again later"), retry)
        case WorkerError():
            problem = "the program that worked on it crashed, twice"
            return HTTPError(500, WorkerError(name, problem, "try another"))
        case PhotoKindError():  # nor is it theirs to install what is missing
            return HTTPError(415, PhotoKindError(error.subject, error.problem, "save it as JPEG, PNG or TIFF"))
        case PixelLimitError():  # whose limit is not the user's to raise
            return HTTPError(413, PixelLimitError(error.subject, error.problem, "shrink it first"))
        case OutOfMemoryError():
            problem = "needs more memory than the service has"
            return HTTPError(503, OutOfMemoryError(name, problem, "shrink it first"), retry)
        case TooLargeError():
            return HTTPError(413, error)
        case PhotoError():
            return HTTPError(415, error)
        case UnfitError():
            return HTTPError(422, error.about(name))
        case CapabilityError():
            return HTTPError(422, error)
        case NetworkError():
            _log.error("%s", error)
            return HTTPError(500, NetworkError(name, "the network failed on it", "try another network"))
        case OutputError():
            _log.error("%s", error)
            full = FullError(name, "the service has no room for its result", "try again later")
            return HTTPError(503, full, retry)
    _log.error("%s", "\n".join([str(error), *getattr(error, "__notes__", ())]))
    return HTTPError(500, UnexpectedError(name, "failed as no photo should", "the service's log says more"))
