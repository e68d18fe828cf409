"""Networks that others published: which there are, and how their weights become network files, without PyTorch."""

from photochrom.inference.published.registry import PUBLISHED, PublishedNetwork

__all__ = ["PUBLISHED", "PublishedNetwork"]
