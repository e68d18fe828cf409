"""`PhotoSet`: the photos of one side of a split, at one size, ready to draw batches from in any order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from photochrom.color.chroma import MIN_CHROMA
from photochrom.data.decode import Skipped, decode, decode_all, default_workers, unreadable
from photochrom.data.memory import fits
from photochrom.data.photos import PhotoRef
from photochrom.data.prefetch import AheadReader
from photochrom.errors import DataError

__all__ = ["PhotoSet", "Skipped"]


class PhotoSet:
    """N photos as uint8 RGB of one size, held on the training device or decoded ahead by worker processes.

    Both ways give the same batches, bit for bit. Made by `PhotoSet.load`.

    Attributes:
        keys: the photos' keys, in order.
        size: side of each photo in pixels.
        skipped: photos that were looked at and cannot be used, each with its reason.
        device: where batches are.
    """

    def __init__(
        self,
        refs: Sequence[PhotoRef],
        size: int,
        *,
        device: torch.device,
        skipped: Sequence[Skipped] = (),
        pixels: Tensor | None = None,
        workers: int = 0,
        looked_at: Sequence[PhotoRef] = (),
    ) -> None:
        self.keys = tuple(ref.key for ref in refs)
        self.size = size
        self.skipped = tuple(skipped)
        self.device = device
        self._refs = tuple(refs)
        self._looked_at = tuple(looked_at)
        self._pixels = pixels
        self._reader = AheadReader(refs, size, device, workers) if pixels is None else None

    @classmethod
    def load(
        cls,
        refs: Sequence[PhotoRef],
        size: int,
        *,
        limit: int | None = None,
        device: str | torch.device = "cpu",
        reserve: int = 0,
        workers: int | None = None,
        min_chroma: float = MIN_CHROMA,
        progress: Callable[[int, int], None] | None = None,
        hold: bool | None = None,
        sharing: int = 1,
        known: Self | None = None,
        none_is_fine: bool = False,
    ) -> Self:
        """Decode photos and keep the usable ones.

        A photo that cannot be read, or that has no colour to learn from, is skipped and named in `skipped`.

        Args:
            refs: where the photos lie.
            size: side of the square that each photo is shrunk to cover and cut to, in pixels.
            limit: use the first so many usable photos, and look no further; all if None.
            device: where batches shall be.
            reserve: bytes of the device's memory that training itself will need.
            workers: threads that load, and processes that decode ahead; as many as processors if None.
            min_chroma: least mean CIELAB chroma of a photo with colour; 0 accepts greyscale photos.
            progress: called with how many photos are done and how many there are at most.
            hold: whether to hold the photos on the device; measured if None: they are held if the device's
                free memory now, less `reserve`, has room for all of them and a margin.
            sharing: how many processes of this machine load these photos, each for itself: they part its
                processors and, but for GPUs, its memory.
            known: a set that was loaded with the same `min_chroma`. Where it holds the first of these photos at
                this size, they are not decoded again, and where it holds them all, it is the set that is returned.

            none_is_fine: give an empty set where no photo is usable.

        Raises:
            DataError: if no photo is usable, or a shard was changed while it was read.
            ValueError: if `size` or `limit` is below 1.
        """
        if size < 1 or (limit is not None and limit < 1):
            raise ValueError(f"size and limit must be at least 1, not {size} and {limit}")
        device = torch.device(device)
        workers = max(1, default_workers() // sharing) if workers is None else workers
        most = len(refs) if limit is None else min(limit, len(refs))
        if known is not None and (known.size != size or known._looked_at != tuple(refs[: len(known._looked_at)])):
            known = None
        if known is not None and not known._begins(refs, size, most):
            known = None
        if known is not None and (len(known) == most or len(known._looked_at) == len(refs)):
            return known
        if hold is None:
            copies = sharing if device.type == "cpu" else 1
            hold = fits(most * size * size * 3 * copies, device, reserve=reserve * copies)
        pixels = torch.empty((most, size, size, 3), dtype=torch.uint8, device=device) if hold else None
        writer = _Writer(pixels)
        used: list[PhotoRef] = []
        skipped: list[Skipped] = []
        looked = 0
        if known is not None and (known.on_device or not hold):
            used, skipped, looked = list(known._refs), list(known.skipped), len(known._looked_at)
            writer.begin_with(known._pixels)
        # Photos that will be decoded again are decoded in full here too: whether one is usable must not depend
        # on how much memory was free.
        for index, photo in decode_all(refs[looked:], size, min_chroma, max(1, workers)):
            ref = refs[looked + index]
            if isinstance(photo, Skipped):
                skipped.append(photo)
            else:
                used.append(ref)
                writer.add(photo)
            if progress is not None:
                progress(len(used) if most < len(refs) else looked + index + 1, most)
            if len(used) == most:
                looked += index + 1
                break
        else:
            looked = len(refs)
        writer.flush()
        if not used and not none_is_fine:
            raise _nothing_left(refs, skipped)
        if pixels is not None:
            pixels = pixels[: len(used)]
        return cls(
            used,
            size,
            device=device,
            skipped=skipped,
            pixels=pixels,
            workers=workers,
            looked_at=refs[:looked],
        )

    @property
    def on_device(self) -> bool:
        """Whether the photos are held on the device; else worker processes decode them ahead."""
        return self._pixels is not None

    @property
    def fingerprint(self) -> str:
        """A hash over size, keys and their order: two sets that share it hold the same photos."""
        digest = hashlib.sha256(str(self.size).encode())
        for key in self.keys:
            digest.update(b"\0" + key.encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.keys)

    def batches(self, order: Sequence[int] | Tensor, batch_size: int) -> Iterator[Tensor]:
        """Draw batches in a given order.

        Args:
            order: indices of photos, 0..N-1, in any order, any number of times each.
            batch_size: photos in a batch; the last one may have fewer.

        Returns:
            uint8 RGB 0..255 [B,3,size,size], channels last in memory, on the device.

        Raises:
            ValueError: if `batch_size` is below 1.
            IndexError: if `order` names a photo that is not there.
            DataError: while drawing, if a photo that is decoded ahead cannot be read any more.
        """
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, not {batch_size}")
        indices = torch.as_tensor(order, dtype=torch.int64)
        # Checked here: on CUDA a wrong index ends the whole process's use of the device.
        if len(indices) and not (int(indices.min()) >= 0 and int(indices.max()) < len(self)):
            raise IndexError(f"order names photos outside 0..{len(self) - 1}")
        return self._draw(indices, batch_size)

    def photo(self, index: int) -> np.ndarray[Any, Any]:
        """Return photo `index` as uint8 RGB 0..255, size×size×3.

        Raises:
            DataError: if it is not held and cannot be read any more.
        """
        if self._pixels is not None:
            return self._pixels[index].cpu().numpy().copy()
        photo = decode(self._refs[index], self.size, 0.0)
        if isinstance(photo, Skipped):
            raise unreadable(photo)
        return photo

    def close(self) -> None:
        """End the worker processes, if there are any."""
        if self._reader is not None:
            self._reader.close()

    def _begins(self, refs: Sequence[PhotoRef], size: int, most: int) -> bool:
        """Tell whether loading so many of these photos would begin as the loading of this set went."""
        looked = len(self._looked_at)
        same = looked > 0 and self._looked_at == tuple(refs[:looked])
        return same and self.size == size and len(self) <= most

    def _draw(self, indices: Tensor, batch_size: int) -> Iterator[Tensor]:
        if self._reader is not None:
            photos = self._reader.batches(indices.cpu(), batch_size)
        else:
            assert self._pixels is not None
            held, parts = self._pixels, torch.split(indices.to(self.device), batch_size)
            photos = (held.index_select(0, part) for part in parts if len(part))
        for batch in photos:
            yield batch.permute(0, 3, 1, 2)  # a view: pixels in rows of RGB are channels-last memory


class _Writer:
    """Puts photos one after another into the device's storage."""

    _AT_ONCE = 256  # photos in one copy to an accelerator, where each copy costs a call

    def __init__(self, storage: Tensor | None) -> None:
        self._storage = storage
        self._waiting: list[np.ndarray[Any, Any]] = []
        self._written = 0

    def begin_with(self, photos: Tensor | None) -> None:
        if self._storage is not None and photos is not None:
            self._storage[: len(photos)] = photos
            self._written = len(photos)

    def add(self, photo: np.ndarray[Any, Any]) -> None:
        if self._storage is None:
            return
        if self._storage.device.type == "cpu":
            # NumPy copies on this thread. torch would wake its own, which then spin in the way of the decoders.
            self._storage.numpy()[self._written] = photo
            self._written += 1
            return
        self._waiting.append(photo)
        if len(self._waiting) == self._AT_ONCE:
            self.flush()

    def flush(self) -> None:
        if self._storage is None or not self._waiting:
            return
        end = self._written + len(self._waiting)
        self._storage[self._written : end] = torch.from_numpy(np.stack(self._waiting))
        self._written = end
        self._waiting.clear()


def _nothing_left(refs: Sequence[PhotoRef], skipped: Sequence[Skipped]) -> DataError:
    if not refs:
        return DataError(None, "no photos were given to load", "name a folder of photos")
    reasons = "; ".join(photo.error.statement for photo in skipped[:3])
    return DataError(None, f"none of the {len(skipped)} photos can be used: {reasons}", "give other photos")
