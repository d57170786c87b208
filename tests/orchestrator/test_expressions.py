"""Expressions and templates: what they mean, and what is wrong with those that mean nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.expressions import MAX_LENGTH, ExpressionError, compiled, evaluate, free, names, pieces, render

CONTEXT = {
    "service": {"id": "s1", "characteristics": {"speed": 100, "ratio": 1.5, "on": True, "none": None, "name": "a'b"}},
    "outputs": {"design": {"ports": [7, 8], "map": {"k": "v"}}},
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("${service.characteristics.speed}", 100),
        ("${ service.characteristics.speed }", 100),
        ("${service.characteristics.ratio}", 1.5),
        ("${service.characteristics.on}", True),
        ("${service.characteristics.none}", None),
        ("${outputs.design.ports}", [7, 8]),
        ("${outputs.design.map}", {"k": "v"}),
        ("${outputs.design.ports[1] + 1}", 9),
        ("port ${outputs.design.ports[0]} of ${service.id}", "port 7 of s1"),
        ("${service.id}${service.id}", "s1s1"),
        (" ${service.characteristics.speed}", " 100"),
        ("on: ${service.characteristics.on}, none: ${service.characteristics.none}.", "on: true, none: ."),
        ("ratio ${service.characteristics.ratio}", "ratio 1.5"),
        # braces: maps nest, and those within strings do not count
        ("${ {'a': {'b': service.id}} }", {"a": {"b": "s1"}}),
        ("${ {'a': {'b': service.id}}.a.b }", "s1"),
        ("${'}'}", "}"),
        ("${'{' + service.id + '}'}", "{s1}"),
        ('${"}" + service.id}', "}s1"),
        (r"${'\'}' + service.id}", "'}s1"),
        (r"${r'\' + service.id}", "\\s1"),
        ("${service.id} } and { ${service.id}", "s1 } and { s1"),
        # what looks like an expression and is none
        ("$${service.id}", "${service.id}"),
        ("a $${b} ${service.id}", "a ${b} s1"),
        ("$$${service.id}", "$${service.id}"),
        ("$100 and $", "$100 and $"),
        ("{service.id}", "{service.id}"),
        # moments become text
        ("${timestamp('2026-01-02T03:04:05Z')}", "2026-01-02T03:04:05.000Z"),
    ],
)
def test_it_renders_text(template: str, value: Any) -> None:
    made = render(template, CONTEXT)
    assert (made, type(made)) == (value, type(value))


def test_it_renders_every_text_of_a_document_and_leaves_the_rest() -> None:
    template = {"a": ["${service.id}", {"b": "${service.characteristics.speed}"}], "n": 1, "f": False, "z": None}
    assert render(template, CONTEXT) == {"a": ["s1", {"b": 100}], "n": 1, "f": False, "z": None}
    assert render({"${service.id}": 1}, CONTEXT) == {"${service.id}": 1}, "names are no templates"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("service.missing", "there is no 'missing'"),
        ("service.characteristics.colour", "there is no 'colour'"),
        ("nothing", "nothing"),
        ("outputs.design.ports[9]", "outputs.design.ports[9]"),
        ("1 / 0", "zero"),
        ("service.id + 1", "service.id + 1"),
        ("9223372036854775807 + 1", "verflow"),
        ("1.0 / 0.0", "cannot be written as JSON"),
        ("b'bytes'", "cannot be written as JSON"),
        ("{1: 'number'}", "cannot be written as JSON"),
        (r"'a\u0000b'", "cannot be written as JSON"),
        ("[duration('3s')]", "cannot be written as JSON"),
    ],
)
def test_it_says_why_an_expression_has_no_value(source: str, told: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        evaluate(source, CONTEXT)
    assert told in str(raised.value)
    assert source in str(raised.value), "the designer sees which expression it is"


@pytest.mark.parametrize("source", ["1 +", "", "a b", "'open", "f(", "{", "a..b"])
def test_it_refuses_what_does_not_compile(source: str) -> None:
    with pytest.raises(ExpressionError):
        compiled(source)


def test_it_refuses_what_is_too_long() -> None:
    compiled("1" + " " * (MAX_LENGTH - 1))
    with pytest.raises(ExpressionError, match="2000 characters, this has 2001"):
        compiled("1" + " " * MAX_LENGTH)


@pytest.mark.parametrize("template", ["${", "${a", "a ${b", "${'}'", "${ {'a': 1 }", "${a} ${"])
def test_it_refuses_an_expression_without_end(template: str) -> None:
    with pytest.raises(ExpressionError, match="no closing"):
        pieces(template)
    with pytest.raises(ExpressionError, match="no closing"):
        names({"deep": [template]})


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("plain", set()),
        ("$${order.id}", set()),
        ("${order.id} ${item.quantity}", {"order", "item"}),
        ({"a": ["${outputs.x}", 1, None, True]}, {"outputs"}),
        ("${service.place.filter(p, p.role == 'site').map(q, q.id)}", {"service"}),
        ("${outputs.filter(order, order.x)}", {"outputs", "order"}),
        (7, set()),
    ],
)
def test_it_knows_the_variables_of_a_template(template: Any, found: set[str]) -> None:
    assert names(template) == found


def test_it_knows_what_a_macro_binds() -> None:
    assert free("answer.items.exists(i, i.ok) && other") == {"answer", "other"}


@given(st.text())
def test_it_puts_any_text_together_again_or_says_what_is_wrong(text: str) -> None:
    try:
        found = pieces(text)
    except ExpressionError:
        assert "${" in text
        return
    again = "".join(f"${{{part}}}" if is_code else part.replace("${", "$${") for part, is_code in found)
    assert again == text


CEL_INTEGERS = st.integers(-(2**63), 2**63 - 1)


@given(st.recursive(st.none() | st.booleans() | CEL_INTEGERS | st.text(alphabet="ab}{' "), st.lists, max_leaves=5))
def test_it_keeps_any_value_as_it_is(value: Any) -> None:
    assert render("${a.b}", {"a": {"b": value}}) == value
