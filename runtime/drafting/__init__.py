"""From data to a spec that trains at once: what lies in a file or folder is looked at, and a network written for it."""
