"""Colour: CIELAB, gamut, joining lightness with a, b, and bringing a, b to full size."""
