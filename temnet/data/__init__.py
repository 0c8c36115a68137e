"""Training data: stored sets, fresh examples, and the batches that Keras is trained with."""
