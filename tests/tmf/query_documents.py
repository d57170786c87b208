"""Documents and filters for hypothesis: so few names and values that paths meet and tests hold about half the time."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tmf.query.tree import And, Condition, Node, Not, Or, Path, Some

NAMES = ("a", "b")
# Every spelling that a rule is about; used where everything is tried with everything.
TEXTS = (
    "", "a", "A", "b", "ab", "12", "12.0", "-5", "5", "1e2", "100", "0.1", "true", "false", "null",
    "é", "z", "Z", "~", "\u4e2d", "\U0001f600", "\uffee", "a,b", 'q"u', "x\\y", "%s", "$a", "'; --", "a\nb",
    "2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00",
    "2025-12-31T23:59:59.999Z", "2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.100999Z",
    "2026-01-01T00:00:00.123456789+00:00", "2026-01-01T00:00:00.123Z", "2026-02-29T00:00:00Z", "2024-02-29",
    "2026-13-01", "2026-01-01T24:00:00Z", "9999-12-31T23:59:59.999Z", "0000-01-01T00:00:00Z", "2026-01-01t00:00:00z",
    "2026-01-01 00:00:00Z", "2026-01-01T00:00:00 02:00", "2026-01-01T00:00", "2026-01-01T02:00+0200", "1e999999",
)  # fmt: skip
SCALARS = (*TEXTS, 0, 5, -5, 12, 100, 0.1, 12.0, -0.5, 1e22, 2**70, True, False, None)
FEW = ("a", "b", "12", "true", "2026-01-01T00:00:00Z", "2026-01-01T02:00:00+02:00")
PATTERNS = ("a", "^a", "b$", "^(a|b)+$", "[^a]", "\\d", "\\d{2}", ".", "^$", "", "a.b", "^2026-", "[A-Z]", "\\$", "é")
COMPARED = ("eq", "ne", "gt", "gte", "lt", "lte")

scalars = st.sampled_from((*FEW, 12, True, False, None))
names = st.sampled_from(NAMES)
paths: st.SearchStrategy[Path] = st.lists(names, min_size=1, max_size=2).map(tuple)


def values() -> st.SearchStrategy[Any]:
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, min_size=1, max_size=2),
        max_leaves=6,
    )


def documents() -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(names, values(), max_size=2)


def conditions(paths: st.SearchStrategy[Path] = paths) -> st.SearchStrategy[Condition]:
    texts = st.lists(st.sampled_from(FEW), min_size=1, max_size=2).map(tuple)
    return (
        st.builds(Condition, paths, st.sampled_from(COMPARED), texts)
        | st.builds(Condition, paths, st.just("regex"), st.sampled_from((("^a",), ("2",))))
        | st.builds(Condition, paths, st.just("exists"))
    )


def filters(paths: st.SearchStrategy[Path] = paths) -> st.SearchStrategy[Node]:
    inner_paths: st.SearchStrategy[Path] = st.lists(names, max_size=1).map(tuple)
    within: st.SearchStrategy[Node] = st.recursive(conditions(inner_paths), _combined, max_leaves=3)
    outside = conditions(paths) | st.builds(Some, paths, within)
    return st.recursive(outside, _combined, max_leaves=4)


def _combined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.builds(And, parts) | st.builds(Or, parts) | st.builds(Not, inner)


def every_condition(path: Path) -> list[Condition]:
    """Every operator with every text, and a few pairs of texts."""
    alone = [Condition(path, operator, (text,)) for operator in COMPARED for text in TEXTS]
    pairs = [
        Condition(path, operator, pair)
        for operator in COMPARED
        for pair in (("12", "a"), ("b", "2026-01-01"), ("true", "false"))
    ]
    return [*alone, *pairs, *(Condition(path, "regex", (p,)) for p in PATTERNS), Condition(path, "exists")]
