"""Engines that run a network, and the choice among them."""
