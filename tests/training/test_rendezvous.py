"""Processes that find each other by a store that others used before them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import torch.distributed as dist

from photochrom.training.rendezvous import agree_on_prefix

PATIENCE = timedelta(seconds=20)


def test_after_a_restart_nobody_takes_what_the_dead_left_behind() -> None:
    store = dist.HashStore()
    store.set_timeout(PATIENCE)
    store.set("photochrom/asks/1", "a process that was killed before it got an answer")
    prefixes = []
    for count in 3, 3, 2, 4:  # all of them again, one fewer, and more machines than before
        for order in range(count), reversed(range(count)):
            with ThreadPoolExecutor(count) as pool:
                calls = [pool.submit(agree_on_prefix, store, rank, count, PATIENCE) for rank in order]
                (prefix,) = {call.result() for call in calls}
            prefixes.append(prefix)
    assert len(set(prefixes)) == len(prefixes)


def test_a_process_that_never_comes_is_named() -> None:
    with pytest.raises(dist.DistStoreError, match="2"):
        agree_on_prefix(dist.HashStore(), 0, 3, timedelta(seconds=0.1))
