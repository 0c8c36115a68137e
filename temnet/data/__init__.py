"""Training data: stored sets, fresh examples, and the pipeline that feeds them to Keras."""
