"""Many photos: `plan.py` says which become which files, `run.py` makes them, and the rest serves these two."""
