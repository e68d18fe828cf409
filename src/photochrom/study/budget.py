"""A study in a given time: when each run has to stop, so that the report is written before the time is over."""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch

from photochrom.color.cielab import rgb_to_lab
from photochrom.data.photoset import PhotoSet
from photochrom.models import create_network
from photochrom.study.colors import BATCH
from photochrom.study.ladder import PlannedRun
from photochrom.training.deadline import TESTING, Deadline

__all__ = ["Budget"]

_FIXED = 8.0  # seconds: the program's start, the last checkpoint, the pack, what is drawn once, and the page
_DRAWING = 3.0  # seconds for one run that the report shows at work


class Budget:
    """Shares a time out between training and the report.

    Args:
        end: the moment when all has to be done, as `time.monotonic` tells it.
        photos: that the report measures networks on.
        device: where networks run.
    """

    def __init__(self, end: float, photos: tuple[PhotoSet, PhotoSet | None], device: torch.device) -> None:
        self._end, self._device = end, device
        self._batch = next(photos[0].batches(range(min(BATCH, len(photos[0]))), BATCH))
        self._photos = sum(len(one) for one in photos if one is not None)
        self._paces: dict[str, float] = {}

    def deadline(self, run: PlannedRun, shown: Sequence[PlannedRun]) -> Deadline:
        """Return when a run has to stop.

        Args:
            run: that is about to begin.
            shown: the runs that the report would show at work by then.
        """
        report = _FIXED + sum(_DRAWING + self._photos * self._pace(one.recipe.network) for one in shown)
        return Deadline(self._end - report, run.recipe.batch * self._pace(run.recipe.network) / TESTING)

    def _pace(self, network: str) -> float:
        """Return the seconds that a photo takes to pass through a network, as the report does it."""
        if network not in self._paces:
            taken = []
            probe = create_network(network).to(self._device).eval()
            with torch.no_grad():
                for _ in range(3):  # the first one fetches memory, and CUDA looks for its fastest ways
                    began = time.monotonic()
                    float(probe(rgb_to_lab(self._batch, axis=1)[:, :1]).sum())  # waits for the device
                    taken.append(time.monotonic() - began)
            self._paces[network] = min(taken) / len(self._batch)
        return self._paces[network]
