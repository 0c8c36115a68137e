"""Benchmarks: time and memory of simulation, training and prediction."""
