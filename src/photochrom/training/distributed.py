"""Several processes that train one network together, as `torchrun` starts them, each on its part of every batch.

This is the one place that knows of it. A process by itself is rank 0 of 1, for which nothing here costs anything.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor

from photochrom.errors import DivergedError, PhotochromError, TrainingError
from photochrom.training.rendezvous import fresh_store

__all__ = ["Ranks", "join_ranks", "ranks_of"]

T = TypeVar("T")

_PATIENCE = timedelta(hours=1)  # one process may load its photos that much sooner than another
_SPEAKS = 60.0  # seconds in which the first process has said what is wrong; torchrun ends all once one has ended


@dataclass(frozen=True)
class Ranks:
    """Which of the processes this one is.

    Attributes:
        rank: its number among all, from 0; the first one writes and speaks for all.
        count: how many there are.
        local_rank: its number among those of its machine, which is its GPU's.
        local_count: how many its machine has.
        restarted: whether torchrun has started them again after one had failed.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    local_count: int = 1
    restarted: bool = False

    @property
    def main(self) -> bool:
        """Whether this is the process that writes and speaks for all."""
        return self.rank == 0

    def own(self, photos: Sequence[T]) -> Sequence[T]:
        """Return this process's photos of a batch: every photo is one process's."""
        return photos[self.rank :: self.count]

    def most(self, photos: int) -> int:
        """Return how many photos of a batch the process with the most of them has."""
        return -(-photos // self.count)

    def total(self, values: Tensor) -> Tensor:
        """Return values summed over all processes, on the device where they are."""
        if self.count > 1:
            values = values.clone()
            dist.all_reduce(values)
        return values

    def highest(self, value: float) -> float:
        """Return the highest of all processes' numbers."""
        if self.count == 1:
            return value
        held = torch.tensor(value, dtype=torch.float64)  # on the CPU: no GPU has to be waited for
        dist.all_reduce(held, dist.ReduceOp.MAX)
        return float(held)

    def agreed(self, value: str, problem: str, remedy: str) -> None:
        """Make sure that all processes have the same text.

        Raises:
            TrainingError: with `problem` and `remedy`, if they have not.
        """
        if self.count == 1:
            return
        held: list[Any] = [None] * self.count
        dist.all_gather_object(held, value)
        if len(set(held)) > 1:
            with self.alike():
                raise TrainingError(None, problem, remedy)

    @contextmanager
    def alike(self) -> Iterator[None]:
        """Let the first process alone raise an error that all come upon in the block: one message is enough.

        Another one that is still there after a while has come upon an error of its own, and raises it.
        """
        try:
            yield
        except PhotochromError:
            if not self.main:
                time.sleep(_SPEAKS)
            raise

    def first(self, make: Callable[[], T]) -> T:
        """Have the first process do something, and give its result to all.

        What it raises ends the others quietly: one message is enough.
        """
        if self.count == 1:
            return make()
        made: T | None = None
        raised: PhotochromError | None = None
        if self.main:
            try:
                made = make()
            except PhotochromError as error:
                raised = error
        shared = [made, raised is not None]
        dist.broadcast_object_list(shared, src=0)
        if raised is not None:
            raise raised
        if shared[1]:
            time.sleep(_SPEAKS)
            raise SystemExit(1)
        return cast(T, shared[0])


def ranks_of(environment: Mapping[str, str] = os.environ) -> Ranks:
    """Tell by the variables that torchrun sets which of the processes this one is; without them one by itself."""
    if not {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"} <= environment.keys():
        return Ranks()
    rank, count = int(environment["RANK"]), int(environment["WORLD_SIZE"])
    return Ranks(
        rank=rank,
        count=count,
        local_rank=int(environment.get("LOCAL_RANK", rank)),
        local_count=int(environment.get("LOCAL_WORLD_SIZE", count)),
        restarted=int(environment.get("TORCHELASTIC_RESTART_COUNT", 0)) > 0,
    )


@contextmanager
def join_ranks(ranks: Ranks, device: torch.device) -> Iterator[None]:
    """Connect this process with the others for the length of the block.

    Raises:
        TrainingError: if another process of the training ended.
    """
    if ranks.count == 1:
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    ours = not dist.is_initialized()
    try:
        if ours:
            dist.init_process_group(
                "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo",
                store=fresh_store(_PATIENCE),
                rank=ranks.rank,
                world_size=ranks.count,
                timeout=_PATIENCE,
            )
        yield
        if ours:
            dist.barrier()  # nobody hangs up while another still speaks
    except DivergedError:  # all of them have the same loss
        with ranks.alike():
            raise
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and not any(word in str(error) for word in ("gloo", "NCCL")):
            raise
        if not ranks.main:
            raise SystemExit(1) from error
        raise TrainingError(
            None,
            f"the connection between its {ranks.count} processes broke, as it does when one of them ends",
            "look for its own message; torchrun --max-restarts goes on from the last checkpoint by itself",
        ) from error
    finally:
        if ours and dist.is_initialized():
            dist.destroy_process_group()
