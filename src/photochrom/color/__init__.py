"""Colour: CIELAB, gamut, recombining lightness with a, b, and upsampling a, b to full size."""
