"""The model as it is on the way: kept every epoch, or every so many steps, the last few of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..spec.spec import Checkpoint
from .run import RunFolder

if TYPE_CHECKING:
    import keras

FOLDER: Final = "checkpoints"
NAME: Final = re.compile(r"step-(\d+)\.keras")


class Checkpoints:
    """Saves a model as ``checkpoints/step-NUMBER.keras``, whole or not at all, and takes away the oldest."""

    def __init__(self, stated: Checkpoint, place: RunFolder, model: keras.Model) -> None:
        self.stated = stated
        self.place = RunFolder(place.path / FOLDER)
        self.model = model
        self.place.path.mkdir(exist_ok=True)

    def batch(self, step: int) -> None:
        """So many steps of the training are done."""
        if self.stated.every != "epoch" and step % int(self.stated.every) == 0:
            self.save(step)

    def epoch(self, step: int) -> None:
        """An epoch is done, and so many steps."""
        if self.stated.every == "epoch":
            self.save(step)

    def save(self, step: int) -> None:
        """Keep the model as it is now."""
        self.place.model(self.model, f"step-{step:08d}.keras")
        there = sorted(path for path in self.place.path.iterdir() if NAME.fullmatch(path.name))
        for path in there[: -self.stated.keep]:
            path.unlink()
