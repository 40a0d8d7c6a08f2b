"""From TypedGraph × TypedGraph to Changes, and Changes as text, JSON, Markdown and a picture."""
