"""The texts of all codes: one area a file, each a tuple CODES in the order of the numbers.

An example is spec text, as little of it as shows the matter; ``tests/spec/test_codes.py`` completes and checks it.
"""
