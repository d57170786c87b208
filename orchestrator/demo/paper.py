"""What the journey is printed on: lines with the time since the start, coloured on a terminal only."""

from __future__ import annotations

import os
import time
from typing import TextIO

CODES = {"dim": "2", "bold": "1", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}


class Paper:
    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._colours = out.isatty() and not os.environ.get("NO_COLOR")
        self._start = time.monotonic()

    def restart(self) -> None:
        """The clock begins again at zero."""
        self._start = time.monotonic()

    def line(self, text: str = "") -> None:
        self._out.write(text + "\n")
        self._out.flush()

    def event(self, mark: str, text: str, style: str = "") -> None:
        clock = self.styled(f"{time.monotonic() - self._start:7.2f} s", "dim")
        self.line(f"{clock}  {self.styled(mark, style)} {text}")

    def title(self, text: str) -> None:
        self.line(f"\n{self.styled(text, 'bold')}")

    def styled(self, text: str, style: str) -> str:
        return f"\x1b[{CODES[style]}m{text}\x1b[0m" if self._colours and style else text
