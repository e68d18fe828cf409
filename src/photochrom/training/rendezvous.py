"""Where processes that torchrun started find each other, and not what those before a restart left behind.

torchrun keeps one store of keys through its restarts, and PyTorch writes each process's address to it under the
same keys every time. A process that is quick finds the address of one that is dead, and waits for it for ever. So
all agree on a prefix of their own first. torchrun's count of restarts would not do: each machine counts its own.
"""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

from torch.distributed import DistStoreError
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

__all__ = ["agree_on_prefix", "fresh_store"]

_GLANCE = 0.02  # seconds between two looks at the store


def fresh_store(patience: timedelta) -> Store:
    """Return torchrun's store with a prefix that nobody used before; all processes call it.

    Raises:
        torch.distributed.DistError: if the others do not come in that time.
    """
    store, rank, count = next(iter(rendezvous("env://", timeout=patience)))
    store.set_timeout(patience)
    return PrefixStore(agree_on_prefix(store, rank, count, patience), store)


def agree_on_prefix(store: Store, rank: int, count: int, patience: timedelta) -> str:
    """Give all processes the text that the first one draws, whatever earlier ones left in the store.

    Each of the others asks under a key of its rank with a number that it draws, and takes no answer but the one to
    that number. The first one answers whatever stands there until each has thanked it for this very text.

    Raises:
        torch.distributed.DistStoreError: if the others do not come in that time.
    """
    if rank > 0:
        number = uuid.uuid4().hex
        store.set(f"photochrom/asks/{rank}", number)
        prefix: str = store.get(f"photochrom/answers/{number}").decode()
        store.set(f"photochrom/thanks/{prefix}/{rank}", "")
        return prefix
    prefix, late = uuid.uuid4().hex, time.monotonic() + patience.total_seconds()
    missing = set(range(1, count))
    while missing:
        for other in sorted(missing):
            if store.check([f"photochrom/asks/{other}"]):
                store.set(f"photochrom/answers/{store.get(f'photochrom/asks/{other}').decode()}", prefix)
            if store.check([f"photochrom/thanks/{prefix}/{other}"]):
                missing.remove(other)
        if missing and time.monotonic() > late:
            raise DistStoreError(f"processes that did not come: {sorted(missing)}")
        time.sleep(_GLANCE if missing else 0)
    return prefix
