"""Photo files: reading, writing, metadata, pictures in memory."""
