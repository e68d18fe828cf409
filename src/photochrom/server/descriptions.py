"""What the OpenAPI document says of each field, taken from the docstrings, which say it for Python."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["attribute_texts", "describe"]


def attribute_texts(kind: type) -> dict[str, str]:
    """Return what the docstrings of a class, and of those it is made from, say of its attributes.

    Args:
        kind: with docstrings in Google's style.
    """
    texts: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        _, _, section = inspect.cleandoc(each.__dict__.get("__doc__") or "").partition("\nAttributes:\n")
        section = re.split(r"\n(?=\S)", section)[0]
        for name, text in re.findall(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", section, re.M):
            texts[name] = re.sub(r"\s+", " ", text).replace("``", "`")
    return texts


def describe(schemas: dict[str, Any], kinds: Mapping[str, type]) -> None:
    """Add descriptions to the fields of schemas that have none.

    Args:
        schemas: by their names.
        kinds: classes whose docstrings tell of their fields, likewise.
    """
    for schema, kind in kinds.items():
        texts = attribute_texts(kind)
        for name, field in schemas[schema]["properties"].items():
            if name in texts:
                field.setdefault("description", texts[name])
