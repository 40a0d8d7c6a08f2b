"""From a built model and data to a Run."""
