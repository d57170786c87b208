"""A pattern as an automaton that reads each character of a text once (Thompson 1968; states made when met)."""

from __future__ import annotations

from typing import TypeAlias

from tmf.query.patterns import Chars, Choice, Edge, Part, RegexError, Repeat, Sequence

SIZE_MAX = 500
CACHE_MAX = 5000

States: TypeAlias = frozenset[int]


class Automaton:
    """`_steps[i]` reads a character and goes to i + 1, stands at an edge and goes on, or forks without reading."""

    def __init__(self, part: Part) -> None:
        self._steps: list[Chars | Edge | tuple[int, ...] | None] = []
        self._add(part)
        self._push(None)  # the end: matched
        self._seen: dict[tuple[States, str, bool], States] = {}

    def search(self, text: str) -> bool:
        """Whether the pattern matches somewhere in the text."""
        end = len(self._steps) - 1
        states = self._spread({0}, at_start=True, at_end=not text)
        for place, character in enumerate(text, 1):
            if end in states:
                return True
            states = self._read(states, character, place == len(text))
        return end in states

    def _read(self, states: States, character: str, at_end: bool) -> States:
        key = (states, character, at_end)
        known = self._seen.get(key)
        if known is not None:
            return known
        after = {0}  # a match may begin at every character
        for state in states:
            step = self._steps[state]
            if isinstance(step, Chars) and step.has(character):
                after.add(state + 1)
        made = self._spread(after, at_start=False, at_end=at_end)
        if len(self._seen) >= CACHE_MAX:
            self._seen.clear()
        self._seen[key] = made
        return made

    def _spread(self, states: set[int], *, at_start: bool, at_end: bool) -> States:
        """The states and all that are reached from them without reading."""
        waiting, found = [*states], set(states)
        while waiting:
            state = waiting.pop()
            for after in self._after(state, at_start, at_end):
                if after not in found:
                    found.add(after)
                    waiting.append(after)
        return frozenset(found)

    def _after(self, state: int, at_start: bool, at_end: bool) -> tuple[int, ...]:
        match self._steps[state]:
            case Edge(sign):
                return (state + 1,) if (at_start if sign == "^" else at_end) else ()
            case tuple() as targets:
                return targets
            case _:
                return ()

    def _push(self, step: Chars | Edge | tuple[int, ...] | None) -> int:
        if len(self._steps) >= SIZE_MAX:
            raise RegexError("is too big once its repetitions are written out")
        self._steps.append(step)
        return len(self._steps) - 1

    def _add(self, part: Part) -> None:
        match part:
            case Chars() | Edge():
                self._push(part)
            case Sequence(parts):
                self._push((len(self._steps) + 1,))  # so that nothing is free, not even to repeat nothing
                for one in parts:
                    self._add(one)
            case Choice(parts):
                self._add_choice(parts)
            case Repeat(repeated, low, high):
                self._add_repeat(repeated, low, high)

    def _add_choice(self, parts: tuple[Part, ...]) -> None:
        fork = self._push(())
        starts, ends = [], []
        for one in parts:
            starts.append(len(self._steps))
            self._add(one)
            ends.append(self._push(()))
        self._steps[fork] = tuple(starts)
        for end in ends:
            self._steps[end] = (len(self._steps),)

    def _add_repeat(self, part: Part, low: int, high: int | None) -> None:
        for _ in range(low):
            self._add(part)
        forks = []
        for _ in range(1 if high is None else high - low):
            forks.append(self._push(()))
            self._add(part)
        if high is None:
            self._push((forks[0],))
        for fork in forks:
            self._steps[fork] = (fork + 1, len(self._steps))
