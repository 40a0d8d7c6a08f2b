"""Codes E0: text that can't be read."""

from __future__ import annotations

from typing import Final

from .code import Code

CODES: Final[tuple[Code, ...]] = (
    Code(
        "E001",
        "the file is not text in UTF-8",
        "A spec is a text file. Letters are kept in files as numbers, and there are several ways to do so; a spec "
        "uses the one called UTF-8, which nearly every editor writes by itself. This file has a byte that UTF-8 "
        "does not know, so it was saved in another encoding (often Latin-1 or UTF-16), or it is no text at all, "
        "such as a picture or a zip archive. Open it in an editor and save it with the encoding UTF-8.",
        'name = "Schr\ufffddinger"      # the ö was saved in Latin-1',
        'name = "Schrödinger"',
    ),
    Code(
        "E002",
        "this is not TOML",
        "TOML has few rules, and one of them is broken here: text stands in quotes, a list in square brackets, a "
        "table in braces or below a [header], true and false are small letters, and every line has one `key = value`. "
        "The mark shows where reading had to stop; the mistake is there or just before it. What comes after it has "
        "been read as well as possible, so that other mistakes show in the same run.",
        '[[layers]]\ntype = "Conv2D"\nfilters = 8\nkernel_size = (3, 3)\nactivation = relu',
        '[[layers]]\ntype = "Conv2D"\nfilters = 8\nkernel_size = [3, 3]\nactivation = "relu"',
    ),
    Code(
        "E003",
        "this is not JSON",
        "JSON is strict: keys and text stand in double quotes, there is a comma between two values and none after "
        "the last, every bracket is closed, and there are no comments. The mark shows where reading had to stop; the "
        "mistake is there or just before it. If you write specs by hand, TOML is more forgiving, and everything that "
        "JSON can say in a spec TOML can say as well.",
        '{\n  "keraspec": 1,\n  "inputs": { "x": { "shape": [4] } },\n'
        '  "layers": [ { "type": "Dense", "units": 2, } ]    // the last layer\n}',
        '{\n  "keraspec": 1,\n  "inputs": { "x": { "shape": [4] } },\n'
        '  "layers": [ { "type": "Dense", "units": 2 } ]\n}',
        "json",
    ),
    Code(
        "E004",
        "the same key is written twice",
        "A key says one thing, so it may stand only once in its table. Written twice, one of the two would have to "
        "be ignored, and nobody could tell which one you meant. Keep the one that is right. If a new layer was to "
        "begin here, the line `[[layers]]` above it is missing.",
        '[[layers]]\ntype = "Dense"\nunits = 64\nunits = 10',
        '[[layers]]\ntype = "Dense"\nunits = 64\n\n[[layers]]\ntype = "Dense"\nunits = 10',
    ),
    Code(
        "E005",
        "a form that only TOML 1.1 has",
        "Specs are TOML 1.0, so that every editor and every program can read them. TOML 1.1 is newer and allows a "
        "few more things, such as a line break or a last comma inside braces, and the escapes \\e and \\x. Write the "
        "table on one line, or give it a [header] and a line for each key.",
        '[[layers]]\ntype = "Dense"\nunits = 10\nkernel_regularizer = {\n  type = "L2",\n  l2 = 0.01,\n}',
        '[[layers]]\ntype = "Dense"\nunits = 10\nkernel_regularizer = { type = "L2", l2 = 0.01 }',
    ),
    Code(
        "E006",
        "a number that is not finite",
        "`nan` (not a number) and `inf` (infinitely large) are not values that a layer or a training can be given, "
        "and a number too large for the computer becomes infinite too. Where no limit is meant, leave the key out, "
        'or write "none" if the argument allows it.',
        '[[layers]]\ntype = "ReLU"\nmax_value = inf',
        '[[layers]]\ntype = "ReLU"\nmax_value = "none"',
    ),
    Code(
        "E007",
        "a date or a time",
        "TOML knows dates and times, a spec has no use for them: no layer takes one. Where a date is part of a "
        "description or of a file's name, it is text and stands in quotes.",
        "description = 2024-05-01",
        'description = "2024-05-01"',
    ),
    Code(
        "E008",
        "a whole number that is too large",
        "Whole numbers in a spec have at most 64 bits, about nine quintillions (a 9 with 18 zeros). No size or "
        "count comes near that, so this is most likely a key pressed too long. Write the number that is meant.",
        '[[layers]]\ntype = "Dense"\nunits = 100000000000000000000',
        '[[layers]]\ntype = "Dense"\nunits = 1000',
    ),
    Code(
        "E009",
        "lists and tables too deep inside each other",
        "Lists and tables may stand inside each other, up to 64 deep. No network needs a tenth of that, so brackets "
        "were probably pasted or typed too often. Take away the ones that are too many.",
        "inputs.x.shape = " + "[" * 70 + "3" + "]" * 70,
        "inputs.x.shape = [3]",
    ),
    Code(
        "E010",
        "the JSON file holds something else than an object",
        "A JSON spec is one object: an opening brace, keys with their values, a closing brace. This file holds a "
        "list, a text or a single number. Put braces around it, and say with the key `layers` that the list is the "
        "list of layers.",
        '[\n  { "type": "Dense", "units": 2 }\n]',
        '{\n  "keraspec": 1,\n  "inputs": { "x": { "shape": [4] } },\n'
        '  "layers": [ { "type": "Dense", "units": 2 } ]\n}',
        "json",
    ),
    Code(
        "E011",
        "a conflict of a merge that nobody has decided on",
        "Two people changed the same thing differently, and git could not tell which of the two shall hold. It has put "
        "both into the file: first ours between `<<<<<<<` and `=======`, then theirs down to `>>>>>>>`. Until somebody "
        "decides, the file says nothing. Keep the lines of one side, or write what shall hold of both; take out the "
        "three lines with the marks; check the spec again, and commit it. Other mistakes in the file are only looked "
        "for after that.",
        '[[layers]]\ntype = "Dropout"\n<<<<<<< ours\nrate = 0.4\n=======\nrate = 0.6\n>>>>>>> theirs',
        '[[layers]]\ntype = "Dropout"\nrate = 0.5',
    ),
)
