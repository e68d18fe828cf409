"""How much memory a device has free now: measured, so that nothing is tried that cannot end well."""

from __future__ import annotations

from pathlib import Path

import torch

from photochrom.errors import require_extra

__all__ = ["fits", "free_bytes"]

# What the measure cannot see: fragments, and what other programs take while photos are read.
_MARGIN = 0.1

# (mount point, file of the limit, file of the usage, line of memory.stat that can be reclaimed), for v2 and v1
_CGROUPS = {
    "": ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    "memory": (
        "/sys/fs/cgroup/memory",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
}


def fits(needed: int, device: torch.device, *, reserve: int = 0) -> bool:
    """Tell whether `needed` bytes leave `reserve` bytes and a tenth of the free memory on the device."""
    return needed + reserve <= free_bytes(device) * (1 - _MARGIN)


def free_bytes(device: torch.device) -> int:
    """Return how many bytes can be allocated on the device now.

    On CUDA this is what the driver reports. Elsewhere it is the machine's available memory or what the
    process's control group (a container's limit) leaves of it, whichever is less.
    """
    if device.type == "cuda":
        torch.cuda.empty_cache()  # what torch keeps for later is free as well
        return int(torch.cuda.mem_get_info(device)[0])
    with require_extra("train", "Training"):
        import psutil
    return min([int(psutil.virtual_memory().available), *_cgroup_room(Path("/proc/self/cgroup"))])


def _cgroup_room(table: Path) -> list[int]:
    """Return what each control group that the process is in, and each group above it, has left."""
    try:
        lines = table.read_text().splitlines()
    except OSError:  # no Linux
        return []
    rooms: list[int] = []
    for line in lines:
        _, controllers, group = line.split(":", 2)
        for controller in controllers.split(","):
            if controller not in _CGROUPS:
                continue
            mount, *files = _CGROUPS[controller]
            here = Path(mount, group.lstrip("/"))
            # Inside a container the path is often the host's, and the mount itself is the group.
            for folder in (here, *here.parents):
                if not folder.is_relative_to(mount):
                    break
                room = _room(folder, *files)
                if room is not None:
                    rooms.append(room)
    return rooms


def _room(folder: Path, limit: str, usage: str, reclaimable: str) -> int | None:
    try:
        most, used = int((folder / limit).read_text()), int((folder / usage).read_text())
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # no such group, or its limit is "max"
        return None
    return max(0, most - used + int(stat.get(reclaimable, 0)))
