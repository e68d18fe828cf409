"""Numbers as people read them."""

from __future__ import annotations

import math

__all__ = ["say_duration", "say_loss", "say_thousands"]

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def say_loss(value: float | None) -> str:
    """Say a loss with two decimals, one out of all bounds as a power of ten, and none as a dash."""
    if value is None or math.isnan(value):
        return "–"
    if abs(value) < 99_999.5:
        return f"{value:.2f}".replace("-", "−")
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits}×10{str(int(exponent)).translate(_RAISED)}".replace("-", "−")


def say_duration(seconds: float) -> str:
    """Say a time as people do: ``"40 min"``, ``"2 h 30 min"``, ``"3 days"``."""
    if seconds < 99.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(round(seconds / 3600), 24)
    plural = "day" if days == 1 else "days"
    return f"{days} {plural} {hours} h" if hours else f"{days} {plural}"


def say_thousands(number: float) -> str:
    """Say a whole number with commas."""
    return f"{number:,.0f}"
