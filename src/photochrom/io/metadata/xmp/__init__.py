"""XMP: read and edited as text, so that all that is not changed stays byte for byte."""
