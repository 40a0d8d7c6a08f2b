"""What several processes that train together have to agree on between steps: whether to stop, and when to save.

A clock and a signal belong to one process, and none may do alone what the others have a part in: what one of them asks
for, all do behind the same step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .checkpoints import Checkpoints
from .distribution import Group
from .run import RunFolder
from .state import Snapshot

if TYPE_CHECKING:
    import keras

    from .listening import Listener


class Together:
    """A listener, asked between steps by several processes; see ``driver.Between``."""

    def __init__(self, listener: Listener, group: Group) -> None:
        self.listener = listener
        self.group = group

    def begun(self, epoch: int, step: int) -> None:
        """An epoch begins. Nothing is noted: the numbers lie with all processes, and each has another clock."""

    def room(self) -> int | None:
        """How many steps may be taken until something has to happen."""
        return self.listener.room()

    def taken(self, epoch: int, step: int, logs: Mapping[str, Any]) -> bool:
        """Steps are done; whoever was asked to stop stops all."""
        self.listener.watch.interrupted = self.group.agree(self.group.wanted) or None
        return self.listener.taken(epoch, step, logs)

    def ended(self, epoch: int, logs: Mapping[str, Any], *, whole: bool) -> bool:
        """An epoch is over."""
        return self.listener.ended(epoch, logs, whole=whole)


class Agreed(Checkpoints):
    """Checkpoints that all processes take when the chief's clock says so, and that the chief writes."""

    def __init__(self, place: RunFolder, whole: keras.Model, say: Callable[[str], None], group: Group) -> None:
        super().__init__(place, whole, say)
        self.group = group

    def _due(self, here: bool) -> bool:
        return bool(self.group.agree(int(here and self.group.chief)))

    def due_in_epoch(self, steps: int) -> bool:
        """Whether one is due in the midst of an epoch; without being asked for, none is."""
        if self.stated is None:
            return False
        here = super().due_in_epoch(steps)
        return here if self.stated.seconds is None else self._due(here)

    def due_after_epoch(self, epochs: int, steps: int) -> bool:
        """Whether one is due after so many epochs and steps of the training."""
        if self.stated is not None:
            by_epoch = self.stated.epochs is not None and epochs % self.stated.epochs == 0
            return by_epoch or self.due_in_epoch(steps)
        return self._due(super().due_after_epoch(epochs, steps))

    def save(self, snapshot: Snapshot) -> None:
        """Write a state down, which only the chief does."""
        if self.group.chief:
            super().save(snapshot)

    def save_best(self, value: float) -> None:
        """Write the best model so far, which only the chief does."""
        if self.group.chief:
            super().save_best(value)
        self.best = value
