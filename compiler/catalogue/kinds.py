"""The noun Kind: what values an argument takes, as JSON Schema, in words, and as Keras wants them.

A kind is data: the schema generator prints ``schema``, messages print ``expects``, the builder calls
``normal``. Whoever adds an argument picks a kind from here, or composes one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ...spec.values import fits
from ..tensor import DTYPES


def _as_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Kind:
    """What values an argument takes.

    ``schema``: JSON Schema (2020-12) of the value as it is written. ``expects``: the same in words that fit
    behind "must be". ``family``: the name of a family of objects (``"initializers"``) where the value is one
    of them, a name or a table with ``type``; it is checked against the schema of its own type, and ``schema``
    only admits what else may stand there. ``many``: a list of such objects; ``lone``: one of them without a list
    will do as well; ``named``: a table of them by names that people choose. ``section``: likewise the name of a
    section of the language (``catalogue.language``) where the value is a table without ``type``; ``each`` says
    whether it is one such table, a list of them, or a table of them by names that people choose.
    ``normal``: from the value as written to the value as Keras takes it; called only with values that the
    schema admits.
    """

    schema: Mapping[str, Any]
    expects: str
    normal: Callable[[Any], Any] = _as_is
    family: str | None = None
    many: bool = False
    section: str | None = None
    each: Literal["one", "list", "name"] = "one"
    lone: bool = False
    named: bool = False


def _whole(value: Any) -> Any:
    """A number without fraction is whole however it is written."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def integer(minimum: int | None = None, maximum: int | None = None) -> Kind:
    """A whole number within bounds, both included."""
    schema: dict[str, Any] = {"type": "integer"}
    if minimum is not None:
        schema["minimum"] = minimum
    if maximum is not None:
        schema["maximum"] = maximum
    return Kind(schema, "a whole number" + _bounds(minimum, maximum), _whole)


def number(
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> Kind:
    """A number; ``minimum`` and ``maximum`` are admitted, ``above`` and ``below`` are not."""
    schema: dict[str, Any] = {"type": "number"}
    for key, bound in (
        ("minimum", minimum),
        ("maximum", maximum),
        ("exclusiveMinimum", above),
        ("exclusiveMaximum", below),
    ):
        if bound is not None:
            schema[key] = bound
    words = []
    if minimum is not None:
        words.append(f"at least {minimum:g}")
    if above is not None:
        words.append(f"above {above:g}")
    if maximum is not None:
        words.append(f"at most {maximum:g}")
    if below is not None:
        words.append(f"below {below:g}")
    return Kind(schema, "a number" + (" " + " and ".join(words) if words else ""), _as_is)


def _bounds(minimum: int | None, maximum: int | None) -> str:
    if minimum is not None and maximum is not None:
        return f" from {minimum} to {maximum}"
    if minimum is not None:
        return f" of at least {minimum}"
    if maximum is not None:
        return f" of at most {maximum}"
    return ""


BOOLEAN: Final = Kind({"type": "boolean"}, "true or false")
TEXT: Final = Kind({"type": "string"}, "text in quotes")
POSITIVE: Final = integer(minimum=1)
COUNT: Final = integer(minimum=0)
INTEGER: Final = integer()
NUMBER: Final = number()
FRACTION: Final = number(minimum=0, maximum=1)
AXIS: Final = integer()
SEED: Final = integer(minimum=0, maximum=2**31 - 1)


def choice(*names: str) -> Kind:
    """One of these words."""
    quoted = [f'"{name}"' for name in names]
    expects = quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
    return Kind({"enum": list(names)}, expects)


DTYPE: Final = choice(*DTYPES)


def list_of(kind: Kind, length: int | None = None, minimum: int = 0) -> Kind:
    """A list of values of one kind; of ``length`` values, or at least ``minimum``."""
    schema: dict[str, Any] = {"type": "array", "items": dict(kind.schema)}
    if length is not None:
        schema["minItems"] = schema["maxItems"] = length
        expects = f"a list of {length} values, each {kind.expects}"
    else:
        if minimum:
            schema["minItems"] = minimum
        expects = f"a list, each value {kind.expects}"
    return Kind(schema, expects, lambda value: tuple(kind.normal(item) for item in value))


def sizes(rank: int, minimum: int = 1) -> Kind:
    """One whole number for all of ``rank`` axes, or a list with one for each: kernel sizes, strides."""
    one = {"type": "integer", "minimum": minimum}
    schema = {"anyOf": [one, {"type": "array", "items": one, "minItems": rank, "maxItems": rank}]}
    expects = (
        f"a whole number of at least {minimum}, or a list of {rank} of them"
        if rank > 1
        else f"a whole number of at least {minimum}"
    )

    def normal(value: Any) -> tuple[int, ...]:
        return tuple(_whole(item) for item in value) if isinstance(value, list) else (_whole(value),) * rank

    return Kind(schema, expects, normal)


def either(*kinds: Kind) -> Kind:
    """A value of one of several kinds; they must differ in JSON type where their ``normal`` differs."""

    def normal(value: Any) -> Any:
        for kind in kinds:
            if fits(kind.schema, value):
                return kind.normal(value)
        return value

    return Kind({"anyOf": [dict(kind.schema) for kind in kinds]}, ", or ".join(kind.expects for kind in kinds), normal)


def nullable(kind: Kind) -> Kind:
    """The kind, or ``"none"`` (``null`` in JSON), which Keras is given as ``None``."""
    return Kind(
        {"anyOf": [dict(kind.schema), {"const": "none"}, {"type": "null"}]},
        f'{kind.expects}, or "none"',
        lambda value: None if value is None or value == "none" else kind.normal(value),
        kind.family,
        kind.many,
        lone=kind.lone,
        named=kind.named,
    )


def nullable_text(kind: Kind = TEXT) -> Kind:
    """Free text or JSON's ``null``; here the word ``"none"`` is text like any other."""
    return Kind(
        {"anyOf": [dict(kind.schema), {"type": "null"}]},
        kind.expects,
        lambda value: None if value is None else kind.normal(value),
    )


def an(family: str, expects: str, *, also: Kind | None = None) -> Kind:
    """An object of a family: a name, or a table with ``type``. ``also``: what else may stand there."""
    return Kind(
        dict(also.schema) if also else {"not": {}},
        f"{expects}, or {also.expects}" if also else expects,
        also.normal if also else _as_is,
        family,
    )


def section(name: str, expects: str, each: Literal["one", "list", "name"] = "one", *, also: Kind | None = None) -> Kind:
    """A table of the language, checked key by key; ``also``: what else may stand there."""
    return Kind(
        dict(also.schema) if also else {"not": {}},
        f"{expects}, or {also.expects}" if also else expects,
        section=name,
        each=each,
    )


INITIALIZER: Final = an("initializers", 'an initializer, by name ("glorot_uniform") or as a table with `type`')
REGULARIZER: Final = nullable(an("regularizers", 'a regularizer, by name ("l2") or as a table with `type`'))
CONSTRAINT: Final = nullable(an("constraints", 'a constraint, by name ("non_neg") or as a table with `type`'))
ACTIVATION: Final = nullable(an("activations", 'the name of an activation, such as "relu"'))
LAYER: Final = an("layers", "a layer: a table with `type`")
