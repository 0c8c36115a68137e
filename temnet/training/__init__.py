"""Training networks: loss, callbacks and the resumable `fit`."""
