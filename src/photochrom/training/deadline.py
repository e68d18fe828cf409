"""A moment at which a run shall be over: it stops before the step that would not be done by then."""

from __future__ import annotations

import time
from collections import deque

__all__ = ["TESTING", "Deadline"]

TESTING = 1 / 3
"""What a photo takes to test, of what it takes to train on: it is passed through the network, but not back."""


class Deadline:
    """Tells from the steps so far whether the next one will be done in time.

    The longest of the last steps counts, for a machine is not equally quick at all times.

    Args:
        at: the moment, as `time.monotonic` tells it.
        step: seconds that a step is thought to take, until one has been timed.
    """

    def __init__(self, at: float, step: float = 0.0) -> None:
        self.at = at
        self._steps = deque([step], maxlen=8)

    def took(self, seconds: float) -> None:
        """Note what a step took."""
        self._steps.append(seconds)

    def holds(self, steps: float) -> bool:
        """Tell whether the work of so many steps, from now on, will be done in time."""
        return time.monotonic() + steps * max(self._steps) <= self.at
