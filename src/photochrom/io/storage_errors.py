"""What a store's package raises, as one line of photochrom's own; and another try where the line failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from photochrom.errors import PhotochromError, reason_of
from photochrom.io.address import without_secrets

__all__ = ["again", "told"]

T = TypeVar("T")
Kinds = type[Exception] | tuple[type[Exception], ...]

_PAUSES = (0.5, 2.0)  # seconds before what failed is tried again


def again(act: Callable[[], T], but: Kinds = ()) -> T:
    """Do something over the network, and once or twice more where the line failed.

    Args:
        act: what to do.
        but: failures that are no fault of the line's.
    """
    for pause in _PAUSES:
        try:
            return act()
        except but:
            raise
        except (ConnectionError, TimeoutError):
            time.sleep(pause)
    return act()


@contextmanager
def told(where: str, kind: type[PhotochromError], act: str, but: Kinds = ()) -> Iterator[None]:
    """Make one line of whatever a store's package raises in the block: each has errors of its own.

    Args:
        where: the address that it is about, as it may be shown.
        kind: of the error that is raised.
        act: what cannot be done, such as ``"read"``.
        but: errors that stay what they are.
    """
    try:
        yield
    except (PhotochromError, ImportError):
        raise
    except but:
        raise
    except FileNotFoundError as error:
        raise kind(where, "is not there", "check the address") from error
    except PermissionError as error:
        raise kind(
            where, f"may not be {act} ({_reason(error, where)})", "check the credentials and their rights"
        ) from error
    except Exception as error:  # of botocore, aiohttp, asyncssh, and whatever the package uses
        raise kind(
            where,
            f"cannot be {act} ({_reason(error, where)})",
            "check the address, the credentials and the connection; the same command goes on",
        ) from error


def _reason(error: Exception, where: str) -> str:
    return without_secrets(reason_of(error)).replace(where, "it")
