"""Which masks in a saved model Keras has put there by itself: a spec does not state them, they flow again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..catalogue import find
from .calls import tensors_of
from .network import Called, Network, Stored, Tensor
from .ops import is_op

KEYS: Final = frozenset({"mask", "query_mask", "value_mask", "key_mask"})
"""Arguments of a call that Keras fills with the masks that come with the tensors."""

MASKERS: Final[Mapping[str, tuple[str, Any]]] = {"Embedding": ("mask_zero", False), "Masking": ("mask_value", 0.0)}
"""Layers with which a mask begins; the argument that says so, and its default."""


def without_masks(network: Network) -> Network:
    """The network without the masks that come of themselves; nothing hangs then on the ops that compute them."""
    flow = _Flow(network)
    layers = tuple(
        one if is_op(one.module, one.kind) else _bare(one, tuple(flow.bare(call) for call in one.calls))
        for one in network.layers
    )
    return Network(network.name, layers, network.inputs, network.outputs)


def _bare(one: Stored, calls: tuple[Called, ...]) -> Stored:
    return Stored(one.name, one.kind, one.config, calls, one.at, one.module, one.registered_name, one.inner)


class _Flow:
    """The masks of one network."""

    def __init__(self, network: Network) -> None:
        self.layers = {one.name: one for one in network.layers}
        self.masked: dict[Tensor, list[Any]] = {}
        """Tensors that are looked through for what is to be masked, and the values that mean it."""
        for one in network.layers:
            if _begins(one):
                value = one.config.get("mask_value", 0.0) if one.kind == "Masking" else 0
                for call in one.calls:
                    for tensor in list(tensors_of(call))[:1]:
                        self.masked.setdefault(tensor, []).append(value)

    def bare(self, call: Called) -> Called:
        """The call without masks that come of themselves."""
        if not self.masked or not KEYS & call.keywords.keys():
            return call
        first = [one for value in call.arguments for one in _tensors(value)]
        first += [one for key, value in call.keywords.items() if key not in KEYS for one in _tensors(value)]
        if not any(self._reaches(one) for one in first):
            return call
        kept = {
            key: value
            for key, value in call.keywords.items()
            if key not in KEYS or not all(self._computed(one) for one in _tensors(value))
        }
        return Called(call.arguments, kept)

    def _reaches(self, tensor: Tensor) -> bool:
        """Whether a mask comes with a tensor: by layers alone, none of which loses it."""
        waiting, seen = [tensor], {tensor}
        while waiting:
            source = self.layers.get(waiting.pop().layer)
            if source is None or is_op(source.module, source.kind):
                continue
            if _begins(source):
                return True
            record = find("layers", source.kind)
            if source.inner is None and (record is None or record.masking == "lose"):
                continue
            for call in source.calls:
                for one in tensors_of(call):
                    if one not in seen:
                        seen.add(one)
                        waiting.append(one)
        return False

    def _computed(self, tensor: Tensor) -> bool:
        """Whether ops alone compute a mask, from tensors that a layer looks through for what is to be masked."""
        waiting, seen = [tensor], {tensor}
        while waiting:
            at = waiting.pop()
            source = self.layers.get(at.layer)
            if source is None or not is_op(source.module, source.kind) or at.call >= len(source.calls):
                return False
            call = source.calls[at.call]
            given = list(tensors_of(call))
            if source.kind == "OnesLike" or (source.kind == "NotEqual" and self._looks(given, call)):
                continue
            if not given:
                return False
            for one in given:
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
        return True

    def _looks(self, given: list[Tensor], call: Called) -> bool:
        plain = [one for one in (*call.arguments, *call.keywords.values()) if isinstance(one, int | float)]
        return len(given) == 1 and len(plain) == 1 and plain[0] in self.masked.get(given[0], [])


def _begins(one: Stored) -> bool:
    argument, default = MASKERS.get(one.kind, ("", None))
    return one.kind in MASKERS and (one.kind == "Masking" or bool(one.config.get(argument, default)))


def _tensors(value: Any) -> Iterator[Tensor]:
    return tensors_of(Called((value,)))
