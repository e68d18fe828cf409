"""Folders over many machines: Ray gives out the work, fsspec reads and writes wherever photos lie."""
