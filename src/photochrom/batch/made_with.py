"""What results are made with, as a text that tells whether one is to be made again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from photochrom.errors import OutputError
from photochrom.options import Options
from photochrom.workers.engine import EngineSetup, OpenNetwork

__all__ = ["recipe_text", "refuse_other_weights"]


def recipe_text(
    network: OpenNetwork, setup: EngineSetup, options: Options, more: Mapping[str, Sequence[str]] | None = None
) -> str:
    """Say what all results of a call are made with, as JSON that never varies; `more` is besides the usual."""
    made_with = {
        "network": {"name": network.card.name, "sha256": network.sha256},
        "network_size": setup.network_size,
        # Defaults are left out, so that an option of tomorrow does not undo what was done before it; and how large
        # a photo may be is no matter of its result.
        "options": options.model_dump(mode="json", exclude_defaults=True, exclude={"max_pixels"}),
        **(more or {}),
    }
    return json.dumps(made_with, sort_keys=True)


def refuse_other_weights(recipes: Iterable[str], network: OpenNetwork, output: str | Path) -> None:
    """Make sure that a folder is not gone on with by other weights of the network that it was begun with.

    Raises:
        OutputError: if it would be.
    """
    networks = [json.loads(recipe)["network"] for recipe in recipes]
    before = {each["sha256"] for each in networks if each["name"] == network.card.name}
    if before and network.sha256 not in before:
        raise OutputError(
            output,
            f"its results are of other weights of {network.card.name} (SHA-256 {', '.join(sorted(before))}) "
            f"than are here ({network.sha256})",
            "get those weights to go on with them, give another folder, or --overwrite to make all again",
        )
