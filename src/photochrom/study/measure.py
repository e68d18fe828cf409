"""What a report shows beyond the logs: colours proposed, sample photos, and layers at work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from photochrom.color.cielab import rgb_to_lab
from photochrom.data.photoset import PhotoSet
from photochrom.models import create_network
from photochrom.study.activations import Layer, trace_layers
from photochrom.study.colors import Colours, Sample, measure_colours, propose_samples
from photochrom.study.results import RunResult, shown_run

__all__ = ["SAMPLES", "Measurements", "measure_runs", "shown_runs"]

SAMPLES = 6
"""Photos in each grid: as many as stay legible side by side on a page."""


@dataclass
class Measurements:
    """What was measured on the networks that a report shows.

    Attributes:
        colours: by the run's name and ``"train"`` or ``"test"``.
        samples: likewise.
        layers: by the network's name, of fresh weights: sizes and joins do not depend on training.
        activations: by the run's name, for one photo.
        traced_photo: key of that photo.
    """

    colours: dict[tuple[str, str], Colours] = field(default_factory=dict)
    samples: dict[tuple[str, str], list[Sample]] = field(default_factory=dict)
    layers: dict[str, list[Layer]] = field(default_factory=dict)
    activations: dict[str, list[Layer]] = field(default_factory=dict)
    traced_photo: str = ""


def shown_runs(runs: Sequence[RunResult]) -> list[RunResult]:
    """Return the runs that a report shows at work: one of each network, and the final one."""
    networks = dict.fromkeys(run.recipe.network for run in runs if run.role == "dev")
    dev = [shown_run(runs, network) for network in networks]
    final = [run for run in runs if run.role == "final" and run.at_work]
    return [run for run in dev if run is not None] + final


def measure_runs(
    runs: Sequence[RunResult],
    photos: tuple[PhotoSet, PhotoSet | None],
    device: torch.device,
    *,
    photographs: bool = True,
) -> Measurements:
    """Measure the runs that a report shows at work.

    Args:
        runs: of the study.
        photos: the dev set and the test photos; the dev set is part of what the final run trained on.
        device: where networks run.
        photographs: whether photos, and what networks make of them, are kept to be shown.
    """
    training, testing = photos
    sets = [("train", training)] + ([("test", testing)] if testing is not None else [])
    measured = Measurements()
    shown = testing if testing is not None else training
    measured.traced_photo = shown.keys[0] if photographs else ""
    lightness = rgb_to_lab(next(shown.batches([0], 1)), axis=1)[:, :1].cpu()
    noise = torch.rand(lightness.shape, generator=torch.Generator().manual_seed(0)) * 100
    for name in dict.fromkeys(run.recipe.network for run in runs):
        # Noise, and weights as they start: no two planes are alike by chance, so that joins are told apart.
        measured.layers[name] = trace_layers(create_network(name), noise)
    for run in shown_runs(runs):
        assert run.network is not None  # see `RunResult.at_work`
        for part, photo_set in sets:
            measured.colours[run.name, part] = measure_colours(run.network, photo_set, device)
            if not photographs:
                continue
            indices = _spread(len(photo_set), SAMPLES)
            measured.samples[run.name, part] = propose_samples(run.network, photo_set, indices, device)
        if photographs:
            measured.activations[run.name] = trace_layers(run.network, lightness)
    return measured


def _spread(count: int, wanted: int) -> list[int]:
    """Choose indices evenly over 0..count-1: the photos of a collection often come sorted."""
    wanted = min(count, wanted)
    return [number * count // wanted for number in range(wanted)]
