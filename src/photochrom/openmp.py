"""How the threads of PyTorch wait for each other: its operations are shared among threads of OpenMP."""

from __future__ import annotations

import os

__all__ = ["limit_spinning"]

_SHORT_SPIN = {
    "OMP_WAIT_POLICY": "PASSIVE",  # sleep at once: for the OpenMP of LLVM and Intel
    # GCC's, which PyTorch brings on Linux, prefers this to the policy: spin for about as long as waking a thread
    # takes, so that short waits cost no more than before (docs/performance.md).
    "GOMP_SPINCOUNT": "1000",
}
_USERS_SETTINGS = (*_SHORT_SPIN, "KMP_BLOCKTIME")


def limit_spinning() -> None:
    """Let PyTorch's threads go to sleep soon where they wait for each other.

    By default they spin for some milliseconds first. Where other processes have the processors busy, the waiting
    thread then takes the time of the one it waits for. Holds for this process and those it starts. Does nothing
    where the environment says how to wait (`OMP_WAIT_POLICY`, `GOMP_SPINCOUNT` or `KMP_BLOCKTIME`), and has no
    effect once PyTorch is loaded: its OpenMP reads the environment then.
    """
    if not any(name in os.environ for name in _USERS_SETTINGS):
        os.environ.update(_SHORT_SPIN)
