"""Pixels: photos in, mattes from the model, cut-outs out. Knows nothing of requests, storage or money."""
