"""From Spec to Graph, TypedGraph, drawings and Keras models."""
