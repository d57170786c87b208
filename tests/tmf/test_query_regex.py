"""Regular expressions: one meaning in Python and in PostgreSQL, and no pattern that burns CPU."""

from __future__ import annotations

import re
import time

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tmf.query.regex import RegexError, compiled

FOUND = [
    ("", "anything"), ("b", "abc"), ("^abc$", "abc"), ("a|b", "b"), ("^(ab)+$", "ababab"), ("a.c", "a\nc"),
    ("a{2,3}", "aa"),
    ("a{2}", "aaa"), ("a{2,}", "aaaa"), ("^a{0}b", "b"), ("^a?b", "b"), ("[a-c]", "b"), ("[^a-c]", "d"), ("[-a]", "-"),
    ("[a-]", "-"), ("[\\]]", "]"), ("[\\d.]+$", "1.5"), ("\\d", "5"), ("\\D", "x"), ("\\w", "_"), ("\\W", "-"),
    ("\\s", "\t"),
    ("\\S", "x"), ("\\.", "."), ("\\$", "$"), ("é", "é"), ("[à-ü]", "é"), (".", "\U0001f600"), ("(?:a|b)c", "bc"),
    ("a+?b", "aab"), ("(a|)b", "b"), ("()", ""), ("^$", ""), ("^", "x"), ("x$|^y", "yz"), ("[[]", "["), ("\\\\", "\\"),
]  # fmt: skip
MISSED = [
    ("a", "A"), ("^b", "ab"), ("a$", "ab"), ("a$", "a\n"), ("^a{2}$", "aaa"), ("[^a]", "a"), ("\\d", "٣"), ("\\w", "é"),
    ("a.c", "ac"), ("a^b", "ab"), ("^$", "a"), ("[a-c]", "d"), (".", ""), ("a|b", "c"),
]  # fmt: skip
REFUSED = [
    "(", ")", "a)", "[", "[]", "[a", "*", "+a", "?", "{2}", "a**", "a{2}{3}", "a{3,2}", "a{101}", "a{,2}", "a{x}",
    "\\", "\\1",
    "\\b", "\\A", "\\x41", "(?i)a", "(?=a)", "(?<n>a)", "(?!a)", "[z-a]", "[\\D]", "^*", "$+",
    "a" * 201, "(" * 11 + "a" + ")" * 11,
    "((a{100}){100}){100}", "((){100}){100}", "(((){100}){100}){100}",
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "text"), FOUND)
def test_it_finds(pattern: str, text: str) -> None:
    assert compiled(pattern).search(text)


@pytest.mark.parametrize(("pattern", "text"), MISSED)
def test_it_finds_nothing(pattern: str, text: str) -> None:
    assert not compiled(pattern).search(text)


@pytest.mark.parametrize("pattern", REFUSED)
def test_it_refuses(pattern: str) -> None:
    with pytest.raises(RegexError):
        compiled(pattern)


EVIL = [
    "(a+)+$",
    "(a|a)*$",
    "(a|aa)+$",
    "^(([a-z])+.)+[A-Z]$",
    "(.*)*x$",
    "(a*a*a*a*a*a*)*b",
    "(a?){50}a{50}$",
    ".*.*.*.*=.*b",
]


@pytest.mark.parametrize("pattern", EVIL)
def test_it_takes_no_longer_for_a_pattern_that_makes_others_backtrack(pattern: str) -> None:
    began = time.process_time()
    compiled(pattern).search("a" * 5000 + "!")
    assert time.process_time() - began < 2  # `re` would take longer than the universe has


letters = st.sampled_from("ab01 .-]é\n\\$^")
atoms = st.sampled_from(
    [
        "a",
        "b",
        "é",
        ".",
        "\\d",
        "\\w",
        "\\s",
        "\\S",
        "[ab]",
        "[^a]",
        "[a-z0]",
        "[\\d-]",
        "\\.",
        "\\\\",
        "\\]",
        "\\$",
        "\\^",
    ]
)
patterns = st.recursive(
    atoms | st.sampled_from(["^", "$"]),
    lambda inner: (
        st.lists(inner, max_size=3).map("".join)
        | st.lists(inner, min_size=1, max_size=3).map("|".join)
        | st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}", "+?"])).map(
            lambda p: f"(?:{p[0]}){p[1]}"
        )
    ),
    max_leaves=6,
)


@pytest.mark.django_db
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(patterns, st.lists(st.text(letters, max_size=6), min_size=1, max_size=5))
def test_it_means_the_same_as_in_postgresql_and_as_re_does(pattern: str, texts: list[str]) -> None:
    regex = compiled(pattern)
    found = [regex.search(text) for text in texts]
    assert found == [re.search(_strict(pattern), text, re.DOTALL | re.ASCII) is not None for text in texts]
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT t COLLATE "C" ~ %s FROM unnest(%s::text[]) WITH ORDINALITY AS u(t, n) ORDER BY n',
            (regex.postgres, texts),
        )
        assert found == [row[0] for row in cursor.fetchall()]


def _strict(pattern: str) -> str:
    """`re`'s `$` also stands before a last line feed."""
    return re.sub(r"(?<!\\)\$", r"\\Z", pattern)
