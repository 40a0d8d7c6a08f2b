"""From text to Spec: reading, positions, schema checks and diagnostics. Knows nothing of graphs or Keras."""
