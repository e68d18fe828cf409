"""The networks' definitions in PyTorch: one file per family, and the registry that names them."""

from __future__ import annotations

from photochrom.models.base import ColorizationNetwork
from photochrom.models.registry import (
    create_network,
    describe_architecture,
    list_architectures,
    register_architecture,
)

__all__ = [
    "ColorizationNetwork",
    "create_network",
    "describe_architecture",
    "list_architectures",
    "register_architecture",
]
