"""From TypedGraph to Python: a plain Keras program that builds, and trains, the same model."""
