"""Numbers as people write them."""

from __future__ import annotations

__all__ = ["short"]


def short(number: float) -> str:
    """Write a number in few digits, and in as many as tell it from every other one."""
    text = f"{number:g}"
    return text if float(text) == number else repr(float(number))
