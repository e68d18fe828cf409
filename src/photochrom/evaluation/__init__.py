"""The bench: what a network's colours are worth, measured on photos whose colours are known."""
