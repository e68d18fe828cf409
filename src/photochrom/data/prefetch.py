"""Batches decoded ahead by worker processes, for photos that do not fit on the training device."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from photochrom.data.decode import Skipped, decode, set_vips_threads, unreadable
from photochrom.data.photos import PhotoRef
from photochrom.errors import DataError, WorkerError
from photochrom.stopping import signals_held

__all__ = ["AheadReader"]


class AheadReader:
    """Decodes batches of photos in any order, some batches ahead of the one in use.

    Args:
        refs: photos known to be usable.
        size: side of the square each is decoded to, in pixels.
        device: where batches go.
        workers: processes that decode; 0 decodes in this one.
    """

    def __init__(self, refs: Sequence[PhotoRef], size: int, device: torch.device, workers: int) -> None:
        self._photos = _Photos(refs, size)
        self._device = device
        self._workers = workers
        self._idle: list[tuple[_Order, DataLoader[Tensor | DataError]]] = []

    def batches(self, order: Tensor, batch_size: int) -> Iterator[Tensor]:
        """Yield uint8 [B,size,size,3] on the device for the photos that `order` names.

        Raises:
            DataError: if a photo cannot be read any more.
            WorkerError: if a worker process died.
        """
        # Worker processes take seconds to start, so a loader is kept for the next epoch. A reader that comes
        # while another is half-way gets a loader of its own.
        sampler, loader = self._idle.pop() if self._idle else self._start()
        sampler.batches = [part.tolist() for part in torch.split(order, batch_size) if len(part)]
        try:
            # Workers heed no signal: this process finishes its batch with their help, saves, and ends them. One
            # whose parent was killed ends by itself.
            with signals_held():
                drawn = iter(loader)  # starts the workers
            for batch in drawn:
                if isinstance(batch, DataError):
                    raise batch
                yield batch.to(self._device, non_blocking=True)
        except RuntimeError as error:
            if "DataLoader worker" not in str(error):
                raise
            raise WorkerError(
                None,
                "a process that decodes photos died, as it does when memory or shared memory (/dev/shm) runs out",
                "use fewer workers or smaller batches",
            ) from error
        else:
            self._idle.append((sampler, loader))

    def close(self) -> None:
        """End the worker processes; the next batch would start them again."""
        self._idle.clear()

    def _start(self) -> tuple[_Order, DataLoader[Tensor | DataError]]:
        sampler = _Order()
        loader: DataLoader[Tensor | DataError] = DataLoader(
            self._photos,
            batch_sampler=sampler,
            num_workers=self._workers,
            collate_fn=_as_is,
            worker_init_fn=_start_worker,
            pin_memory=self._device.type == "cuda",
            persistent_workers=self._workers > 0,
            # A forked child would inherit libvips's locks and CUDA's state without the threads that serve them.
            multiprocessing_context="spawn" if self._workers else None,
        )
        return sampler, loader


class _Order(Sampler[list[int]]):
    """The batches of one epoch, set before each."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


class _Photos(Dataset[Tensor]):
    """What a worker process gets: the photos' places. It returns a batch, or what failed."""

    def __init__(self, refs: Sequence[PhotoRef], size: int) -> None:
        self.refs = list(refs)
        self.size = size

    def __getitems__(self, indices: list[int]) -> Tensor | DataError:
        batch = np.empty((len(indices), self.size, self.size, 3), np.uint8)
        for row, index in enumerate(indices):
            try:
                photo = decode(self.refs[index], self.size, 0.0)
            except DataError as error:  # an exception would arrive with the worker's traceback in its message
                return error
            if isinstance(photo, Skipped):
                return unreadable(photo)
            batch[row] = photo
        return torch.from_numpy(batch)

    def __getitem__(self, index: int) -> Tensor:
        batch = self.__getitems__([index])
        if isinstance(batch, DataError):
            raise batch
        return batch[0]


def _as_is(batch: Any) -> Any:
    return batch


def _start_worker(worker: int) -> None:
    set_vips_threads(1)
    threading.Thread(target=_obey_the_parent_alone, daemon=True).start()


def _obey_the_parent_alone() -> None:
    """End this worker at a SIGTERM of its parent's; one to the whole group is the parent's affair."""
    if not hasattr(signal, "sigwaitinfo"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        return
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != os.getppid():
        pass
    os._exit(0)
