"""What reads the files that libvips does not: one module per kind, which gives a `Raster`."""
