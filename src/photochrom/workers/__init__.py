"""One runtime for work on photos: jobs go to a pool of processes, by one policy for deaths and delays."""
