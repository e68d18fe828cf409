"""Where training runs, and how much memory a step takes there."""

from __future__ import annotations

import copy
import ctypes
import platform
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import torch

from photochrom.color.cielab import rgb_to_lab
from photochrom.data.memory import free_bytes
from photochrom.errors import TrainingError
from photochrom.models import ColorizationNetwork
from photochrom.training.distributed import Ranks

__all__ = [
    "autocast",
    "choose_device",
    "cudnn_benchmark",
    "is_slow",
    "keep_memory",
    "measure_step",
    "precision_of",
]

_ALONE = Ranks()


def choose_device(name: str, ranks: Ranks = _ALONE) -> torch.device:
    """Turn ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:1"`` into a device that is there.

    Of several processes on a machine each gets a GPU of its own.

    Raises:
        TrainingError: if it is not.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and ranks.count > 1:
        name = f"cuda:{ranks.local_rank}"
    elif name.startswith("cuda:") and ranks.local_count > 1:
        raise TrainingError(None, f"{name} is one GPU for {ranks.local_count} processes", "choose cuda")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise TrainingError(None, f"there is no device {name!r}", "choose auto, cpu, cuda or cuda:N") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise TrainingError(
            None, f"PyTorch sees no device {name}", "choose --device cpu, or install its CUDA build"
        )
    if device.type not in ("cpu", "cuda"):
        raise TrainingError(None, f"device {name!r} is not supported", "choose auto, cpu, cuda or cuda:N")
    return device


def precision_of(choice: str, device: torch.device) -> torch.dtype:
    """Return the type that convolutions compute in: ``"auto"`` means bfloat16 on CUDA and float32 on the CPU."""
    if choice == "auto":
        choice = "bfloat16" if device.type == "cuda" else "float32"
    return torch.bfloat16 if choice == "bfloat16" else torch.float32


def is_slow(precision: torch.dtype, device: torch.device) -> bool:
    """Whether a device has no instructions for a precision, so that each operation goes a long way round.

    An x86 processor without AVX-512 trains in bfloat16 at an eighth of its speed in float32 (docs/performance.md).
    """
    x86_64 = platform.machine().lower() in ("x86_64", "amd64")
    without = not torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return precision == torch.bfloat16 and device.type == "cpu" and x86_64 and without


def autocast(device: torch.device, precision: torch.dtype) -> torch.autocast:
    """Return the context in which a forward pass runs."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == torch.bfloat16)


@contextmanager
def cudnn_benchmark(device: torch.device, limit: int) -> Iterator[None]:
    """Let cuDNN time some of its algorithms for each convolution that it meets for the first time at a size.

    That takes seconds to half a minute for each size of a batch, and what is chosen, by time or by cuDNN's own
    rules, holds for the process. So it is for the sizes that come again and again, and for nothing else. Other
    devices are left as they are.

    Args:
        device: where the convolutions run.
        limit: algorithms that are timed for each of them; 0 for none.
    """
    if device.type != "cuda":
        yield
        return
    cudnn = torch.backends.cudnn
    before = cudnn.benchmark, cudnn.benchmark_limit
    cudnn.benchmark = limit > 0
    if limit > 0:  # to cuDNN 0 means all of them
        cudnn.benchmark_limit = limit
    try:
        yield
    finally:
        cudnn.benchmark, cudnn.benchmark_limit = before


def keep_memory() -> None:
    """Let this process keep the memory it frees, for the next step's tensors of the same sizes.

    glibc takes every large tensor fresh from the kernel, which clears it page by page, and gives it back when it
    is freed. Other C libraries are left as they are. What it brings is in `docs/performance.md`.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    trim_threshold, top_pad, mmap_max = -1, -2, -4  # of mallopt, in malloc.h
    libc = ctypes.CDLL(None)
    libc.mallopt(mmap_max, 0)
    libc.mallopt(trim_threshold, 2**31 - 1)
    libc.mallopt(top_pad, 256 << 20)


def measure_step(
    network: ColorizationNetwork,
    batch: int,
    size: int,
    device: torch.device,
    precision: torch.dtype,
    benchmark: int = 0,
) -> int:
    """Measure how many bytes one training step takes beyond the weights that are there already.

    On CUDA a whole batch is tried; on the CPU, where that would take seconds, two photos, scaled up.

    Args:
        network: on the device; it is left as it is.
        batch: photos in a step.
        size: their side in pixels.
        device: where training runs.
        precision: that convolutions compute in.
        benchmark: as the recipe's `cudnn_benchmark`; what cuDNN chooses here holds for the training too.

    Raises:
        TrainingError: if the batch does not fit at all.
    """
    probe = copy.deepcopy(network)
    optimizer = torch.optim.Adam(probe.parameters())
    tried = batch if device.type == "cuda" else min(batch, 2)

    def step() -> None:
        lab = rgb_to_lab(torch.zeros(tried, 3, size, size, dtype=torch.uint8, device=device), axis=1)
        with autocast(device, precision):
            loss = torch.nn.functional.mse_loss(probe(lab[:, :1]).float(), lab[:, 1:])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    try:
        with _peak_growth(device) as growth, cudnn_benchmark(device, benchmark):
            step()
            if device.type == "cuda":  # the first step's peak is that of cuDNN's trials
                torch.cuda.reset_peak_memory_stats(device)
                step()
    except torch.OutOfMemoryError as error:
        raise TrainingError(
            None, f"a batch of {batch} photos at {size}x{size} does not fit", "lower batch or size"
        ) from error
    grown = growth()
    # Gradients and the optimizer's two moments are there once, however many photos make a step.
    once = min(grown, 3 * sum(p.numel() * p.element_size() for p in probe.parameters()))
    needed, free = once + (grown - once) * batch // tried, free_bytes(device)
    if device.type == "cpu" and needed > free:
        raise TrainingError(
            None,
            f"a batch of {batch} photos at {size}x{size} takes about {needed / 1e9:.1f} GB of memory, and only "
            f"{free / 1e9:.1f} are free",
            "lower batch or size",
        )
    return needed


@contextmanager
def _peak_growth(device: torch.device) -> Iterator[Callable[[], int]]:
    """Give a function that says, after the block, by how many bytes its peak lay above what was held before it."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        held = torch.cuda.memory_allocated(device)
        yield lambda: torch.cuda.max_memory_allocated(device) - held
        return
    # The process's own record of its peak never falls, so a thread looks at what is held now, and again.
    process, done = psutil.Process(), threading.Event()
    held = peak = process.memory_info().rss

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.002):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield lambda: peak - held
    finally:
        done.set()
        watcher.join()
