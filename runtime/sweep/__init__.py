"""The room of sweeps: from a spec's ranges to candidates, and from what they came to, to a table and pictures."""
