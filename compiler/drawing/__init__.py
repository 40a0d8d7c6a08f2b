"""From Picture to Picture: blocks that are closed, repeated ones drawn once, and pages on which they open."""
