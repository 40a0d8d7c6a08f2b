"""The published JSON Schemas, generated from the catalogue and committed."""
