"""A cluster of Ray's: one that runs already, or one of this machine alone for the length of a call."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from photochrom.errors import WorkerError, reason_of, require_extra

__all__ = ["connected"]


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Connect with a cluster for the length of the block, unless this process is already.

    Args:
        address: as ``ray.init`` takes it; None for that of ``RAY_ADDRESS``, or else a cluster of this
            machine alone.

    Raises:
        MissingExtraError: if Ray is not installed.
        WorkerError: if the cluster cannot be reached, or fails in the block.
    """
    # Before Ray is loaded: it takes its levels from there. Nothing is told to its makers unless the user wants it.
    for name, value in {"RAY_BACKEND_LOG_LEVEL": "fatal", "RAY_USAGE_STATS_ENABLED": "0"}.items():
        os.environ.setdefault(name, value)
    with require_extra("ray", "--engine ray"):
        import ray
    address = address or os.environ.get("RAY_ADDRESS")
    owned = not ray.is_initialized()
    if owned:
        try:
            ray.init(
                address=address,
                include_dashboard=None if address else False,
                logging_level=logging.ERROR,
                log_to_driver=False,
            )
        except (ConnectionError, OSError, ValueError, RuntimeError) as error:
            raise WorkerError(
                address, f"the cluster cannot be reached ({reason_of(error)})", "check that `ray status` finds it"
            ) from error
    try:
        yield
    except ray.exceptions.RayError as error:
        raise WorkerError(
            address, f"the cluster failed ({reason_of(error)})", "see its logs; the same command goes on"
        ) from error
    finally:
        if owned:
            ray.shutdown()
