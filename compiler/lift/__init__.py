"""From a saved Keras model to a spec: the way back."""
