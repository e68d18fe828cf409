"""A cluster of Ray's: one that runs already, or one of this machine alone for the length of a call."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from photochrom.errors import WorkerError, reason_of, require_extra

__all__ = ["check_address", "connected"]

_ALONE = "local"  # Ray's word for a cluster of this machine; no address at all means any that it finds there
_START = "start it, or leave out --ray-address and RAY_ADDRESS for this machine alone"
_ANSWERS = 5.0  # seconds within which a cluster's port takes a connection, or Ray would try for minutes


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
    _load()
    import ray

    owned = not ray.is_initialized()
    if owned:
        check_address(address)
        named = _named(address)
        try:
            ray.init(
                address=named,
                include_dashboard=False if named == _ALONE else None,
                logging_level=logging.ERROR,
                log_to_driver=False,
            )
        except (ConnectionError, OSError, ValueError, RuntimeError) as error:
            remedy = "check that this is its head's port; where it asks for a token, set RAY_AUTH_MODE=token"
            raise _unreached(named, reason_of(error), remedy) from error
    try:
        yield
    except ray.exceptions.RayError as error:
        raise WorkerError(
            address, f"the cluster failed ({reason_of(error)})", "see its logs; the same command goes on"
        ) from error
    finally:
        if owned:
            ray.shutdown()


def check_address(address: str | None) -> None:
    """See whether a cluster's port takes a connection: one that was killed leaves its address behind.

    Args:
        address: as `connected`.

    Raises:
        MissingExtraError: if Ray is not installed.
        WorkerError: if it does not.
    """
    _load()
    from ray._private.services import canonicalize_bootstrap_address

    named = _named(address)
    if named == _ALONE:
        return
    if "://" in named:  # which Ray's own client gives up soon
        return
    try:
        found = str(canonicalize_bootstrap_address(named))
    except ConnectionError as error:
        raise _unreached(named, "none runs on this machine") from error
    except (OSError, ValueError) as error:
        raise _unreached(named, reason_of(error)) from error
    host, _, port = found.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _ANSWERS).close()
    except OSError as error:
        raise _unreached(found if named == "auto" else named, reason_of(error)) from error


def _load() -> None:
    # Before Ray is loaded: it takes its levels from there. Nothing is told to its makers unless the user wants it.
    for name, value in {"RAY_BACKEND_LOG_LEVEL": "fatal", "RAY_USAGE_STATS_ENABLED": "0"}.items():
        os.environ.setdefault(name, value)
    with require_extra("ray", "--engine ray"):
        import ray  # noqa: F401


def _named(address: str | None) -> str:
    return address or os.environ.get("RAY_ADDRESS") or _ALONE


def _unreached(address: str, why: str, remedy: str = _START) -> WorkerError:
    return WorkerError(address, f"the cluster cannot be reached ({why})", remedy)
