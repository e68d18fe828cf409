"""What schemathesis has to be told before it tries the service; it loads this module in its own process."""

from __future__ import annotations

from typing import Any

import schemathesis

# The bytes of a resumable upload, by the tus protocol.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """Write pairs of numbers as lists of two: it takes nested `prefixItems` for an error."""
    _without_prefix_items(raw_schema)


def _without_prefix_items(node: Any) -> None:
    if isinstance(node, dict):
        prefix = node.get("prefixItems")
        if isinstance(prefix, list) and all(each == prefix[0] for each in prefix):
            node["items"] = node.pop("prefixItems")[0]
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _without_prefix_items(child)
