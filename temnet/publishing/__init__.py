"""Trained networks and studies, published to `pretrained/`."""
