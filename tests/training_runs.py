"""Recipes of short runs, and what their tests look at."""

import json
import os
import signal

from photochrom.training import Recipe

RECIPE = Recipe(name="t", network="article-3", size=32, batch=4, epochs=4, checkpoint_seconds=0, seed=3)
AUGMENTED = RECIPE.model_copy(update={"crop_from": 40, "flip": True, "schedule": "cosine", "epochs": 5})


def losses(history):
    return [(entry.epoch, entry.train_loss, entry.test_loss) for entry in history]


def log_of(run):
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


class StopAfter:
    """A photo set that sends SIGTERM to its own process after so many batches."""

    def __init__(self, photos, batches):
        self.photos, self.left = photos, batches

    def __getattr__(self, name):
        return getattr(self.photos, name)

    def __len__(self):
        return len(self.photos)

    def batches(self, order, batch_size):
        for batch in self.photos.batches(order, batch_size):
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGTERM)
            yield batch
