"""What keeps a run from ending badly: full memory or disk, and losses that are no numbers."""

from __future__ import annotations

import errno
import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from photochrom.errors import DivergedError, TrainingError, reason_of
from photochrom.models import ColorizationNetwork
from photochrom.training.checkpoint import Progress
from photochrom.training.recipe import Recipe

__all__ = ["check_weights", "explain_failures", "finite"]


@contextmanager
def explain_failures(recipe: Recipe) -> Iterator[None]:
    """Say what to try where memory or the disk is full, or the settings cannot work."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise TrainingError(
            None, f"out of memory with batch={recipe.batch}, size={recipe.size}", "lower one of them"
        ) from error
    except RuntimeError as error:
        if "can't allocate memory" in str(error):
            raise TrainingError(
                None, f"out of memory with batch={recipe.batch}, size={recipe.size}", "lower one of them"
            ) from error
        raise
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise TrainingError(
            None,
            f"size={recipe.size} leaves {recipe.network} one value for batch norm when a batch has one photo",
            "raise size, or change batch or photos",
        ) from error
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise TrainingError(
            None if full else error.filename or "a file",
            "the disk is full" if full else reason_of(error),
            f"{'free some space' if full else 'mend it'} and go on with --resume",
        ) from error


def check_weights(network: ColorizationNetwork, recipe: Recipe, state: Progress) -> None:
    """Stop the run before weights that are no numbers are written over the last good checkpoint.

    Raises:
        DivergedError: if a weight or a running figure is infinite or not a number.
    """
    whole = torch.stack([tensor.isfinite().all() for tensor in network.state_dict().values()]).all()
    finite(0.0 if bool(whole) else math.nan, recipe, state)


def finite(loss: float, recipe: Recipe, state: Progress) -> float:
    """Return the loss, or stop the run before a checkpoint is written over with weights that are lost.

    Raises:
        DivergedError: if the loss is infinite or not a number.
    """
    if math.isfinite(loss):
        return loss
    kept = (
        f"the checkpoint of epoch {state.history[-1].epoch} or before is kept"
        if state.history
        else "nothing was saved"
    )
    raise DivergedError(
        None,
        f"the loss is {loss} in epoch {state.epoch + 1}",
        f"{kept}. Try a learning_rate below {recipe.learning_rate:g}, or precision=float32",
    )
