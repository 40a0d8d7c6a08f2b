"""From three texts of a spec to one: what two people changed, by layer and key; with it the pairing of lists."""
