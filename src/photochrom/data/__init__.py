"""Photos for training: listed and split, held or decoded ahead, cropped and mirrored on the device.

Nothing is re-exported here, so that listing photos does not import torch.
"""
