"""On-the-fly analysis: columns in the frames of a running camera.

A server on this computer takes frames, an analysis process of its own finds their columns, and a
page in the browser shows both.
"""
