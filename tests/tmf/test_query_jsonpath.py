"""What of JSONPath is refused, and named."""

from __future__ import annotations

import pytest

from tmf.errors import BadRequest
from tmf.query.jsonpath import parse

REFUSED = [
    "", "$", "$[*]", "$..a", "$.a[0]", "$.a[0:2]", "$.a['b','c']", "$.a[?@.b[0]=='x']", "$.a | $.b", "$.a & $.b",
    "$.a[?@.b == $.c]", "$.a[?@.b == @.c]", "$.a[?length(@.b) > 1]", "$.a[?count(@.*) > 1]", "$.a[?value(@.b) == 1]",
    "$.a[?@.b contains 'x']", "$.a[?'x' in @.b]", "$.a[?true]", "$.a[?1 == 1]", "$.a[?@.b =~ /x/i]", "$.a[?@.b =~ /(/]",
    "$.a[?match(@.b, '(x')]", "$.a[?match(@.b, @.c)]", "$.a[?#.b == 1]", "$.a[?@.b == 1", "a b", "$.a[?@.b == 1e9999]",
    "$.a[?@.b == '\\u0000']", "$.a['\\u0000']", "$.a[?@.b == '\\ud800']", "(" * 21, "[" * 500, "$" + ".a" * 600,
    "$[?" + "!" * 30 + "@.a]", "$[?" + " || ".join(["@.a"] * 60) + "]", "$.~a", "$.a[?nope(@.b)]", "^a",
    "$.a[?@.b == {}]",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_it_refuses(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse(text)
    assert refused.value.path == "filter"
