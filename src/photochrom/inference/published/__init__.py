"""Networks that others published: their weights become network files, and their ONNX files are read."""

from photochrom.inference.published.registry import PUBLISHED, PublishedNetwork

__all__ = ["PUBLISHED", "PublishedNetwork"]
