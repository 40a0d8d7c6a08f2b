"""TOML as nobody would write it: right, and laid out in every wrong way."""

from __future__ import annotations

from random import Random

import tomli

COMMENTS = (
    "#", "# x", "#y", "##z", "#####", "#: b", "#!q", "#  t ", "#\tk", "#-x", "#é", "#!!x", "#:schema x", "###  q",
)  # fmt: skip
SCALARS = (
    "1", "+2", "0xF", "1.5e3", "true", '"a"', "'b'", "'c\"d'", "'e\\f'", '"\\n"', '"""x\n y"""', "'''z\n'''",
    '""""q"""', f'"{"long" * 12}"', "[{a=1},\n {b=2}]", "[[1,2],[3,4]]", "[1,2\n,3]",
)  # fmt: skip
KEYS = ("k%d", "'k%d'", '"k%d"', "'k %d'", "'k\\%d'")


class Messy:
    """A generator of texts."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def text(self) -> str:
        """One text that is TOML 1.0."""
        while True:
            text = self._document()
            try:
                tomli.loads(text)
            except ValueError:
                continue
            return text

    def _blank(self) -> str:
        return self.random.choice(["", "", "", " ", "  ", "\t"])

    def _comment(self, odds: float) -> str:
        return self.random.choice(COMMENTS) if self.random.random() < odds else ""

    def _lines(self, most: int) -> str:
        return "".join(f"{self._blank()}{self._comment(0.2)}\n" for _ in range(self.random.randrange(most)))

    def _key(self) -> str:
        return self.random.choice(KEYS) % self.random.randrange(10**6)

    def _dotted(self) -> str:
        return f"{self._blank()}.{self._blank()}".join(self._key() for _ in range(self.random.choice([1, 1, 1, 2, 3])))

    def _pair(self, depth: int) -> str:
        return f"{self._blank()}{self._dotted()}{self._blank()}={self._blank()}{self._value(depth)}{self._blank()}"

    def _value(self, depth: int = 0) -> str:
        kind = self.random.random()
        if kind < 0.5 or depth > 3:
            return self.random.choice(SCALARS)
        if kind > 0.8:
            return f"{{{self._blank()}{','.join(self._pair(depth + 1) for _ in range(self.random.randrange(4)))}}}"
        count = self.random.randrange(5)
        out = f"[{self._lines(3)}"
        for number in range(count):
            out += f"{self._blank()}{self._value(depth + 1)}{self._blank()}{self._lines(3)}"
            if number < count - 1 or self.random.random() < 0.4:
                out += f",{self._blank()}{self._lines(3)}"
        return f"{out}]"

    def _pairs(self) -> str:
        every = range(self.random.randrange(4))
        return "".join(f"{self._lines(4)}{self._pair(0)}{self._comment(0.3)}\n" for _ in every)

    def _document(self) -> str:
        out = self._pairs()
        known: list[tuple[str, ...]] = [()]
        for _ in range(self.random.randrange(6)):
            path = (*self.random.choice(known), *(self._key() for _ in range(self.random.choice([1, 1, 1, 1, 2]))))
            known.append(path)
            head = f"[{self._blank()}{f'{self._blank()}.{self._blank()}'.join(path)}{self._blank()}]"
            head = f"[{head}]" if self.random.random() < 0.3 else head
            out += f"{self._lines(4)}{self._blank()}{head}{self._blank()}{self._comment(0.3)}\n{self._pairs()}"
        return out + self._lines(4) + self.random.choice(["", "# end"])
