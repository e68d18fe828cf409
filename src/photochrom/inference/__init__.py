"""What a network file is asked for one photo, and how its answer becomes a picture."""
