"""The workshop's heart: a recipe and photos in, a checkpoint out, and from it a network file."""

from __future__ import annotations

from photochrom.errors import require_extra
from photochrom.openmp import limit_spinning

limit_spinning()  # before PyTorch loads
with require_extra("train", "Training"):
    from photochrom.training.checkpoint import Checkpoint, EpochLog, load_checkpoint, save_checkpoint
    from photochrom.training.loading import load_data
    from photochrom.training.loop import TrainingResult, train
    from photochrom.training.recipe import Recipe, list_recipes, load_recipe

__all__ = [
    "Checkpoint",
    "EpochLog",
    "Recipe",
    "TrainingResult",
    "list_recipes",
    "load_checkpoint",
    "load_data",
    "load_recipe",
    "save_checkpoint",
    "train",
]
