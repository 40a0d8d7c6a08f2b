"""Catalogue: ``keras.ops`` as nodes of a graph, a family of operations a file."""
