"""Outcomes: what became of a photo, as a row that goes from a worker to the ledger."""

from __future__ import annotations

from typing import Any

from photochrom.batch.cluster.sources import StoredPhoto
from photochrom.errors import OutputError, PhotochromError

__all__ = ["Outcome", "failed", "outcome_of"]

Outcome = dict[str, Any]
"""A row: result, file, source, photo (stamp), made (stamp), state, reason, code, warnings (JSON), seconds; and in
``beside`` the copies of sidecars, each with its stamp, where there are any."""


def outcome_of(photo: StoredPhoto, /, **changes: Any) -> Outcome:
    """Return the outcome of a photo that was made, but for the changes."""
    outcome: Outcome = {
        "result": photo.result,
        "file": "",
        "source": photo.source,
        "photo": photo.stamp,
        "made": "",
        "state": "done",
        "reason": "",
        "code": "",
        "warnings": "[]",
        "seconds": 0.0,
    }
    return outcome | changes


def failed(error: PhotochromError) -> Outcome:
    """Return what an error changes in an outcome."""
    changes: Outcome = {"state": "failed", "reason": str(error), "code": error.code}
    # Of a full disk or a lost line no photo is to blame: without its stamp, the next call tries again.
    return changes | ({"photo": ""} if error.code == OutputError.code else {})
