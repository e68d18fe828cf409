"""Photos packed into WebDataset shards: found, looked at, told from copies, written, and checked again."""
