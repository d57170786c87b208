"""A condition on a column, asked so that the column's index serves. None: ask the column's value as JSON instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q
from django.db.models.expressions import Expression
from django.db.models.lookups import In

from tmf.query.expressions import Moment, TextPasses
from tmf.query.tree import Condition
from tmf.query.values import meant_instant, number
from tmf.resources import Kind

NOTHING = Q(pk__in=())
INTEGER_MAX = 2**63 - 1
MILLISECOND = timedelta(milliseconds=1)


def asked(field: str, kind: Kind, condition: Condition) -> Q | None:
    if condition.operator == "exists":
        return None if kind == "json" else Q(**{f"{field}__isnull": False})
    ask = ASK.get(kind)
    return ask(field, condition.operator, condition.values) if ask else None


def made(value: Expression, kind: Kind, condition: Condition) -> Q | None:
    """The same of an expression over the row: no index, but no JSON either. Only for the commonest question."""
    if kind != "text" or condition.operator != "eq" or any(map(meant_instant, condition.values)):
        return None
    return Q(In(value, condition.values))


def any_of(parts: Iterable[Q]) -> Q:
    return reduce(or_, parts, NOTHING)


def _text(field: str, operator: str, values: tuple[str, ...]) -> Q | None:
    if operator != "regex" and any(map(meant_instant, values)):
        return None  # equal instants have many spellings
    if operator == "eq":
        return Q(**{f"{field}__in": values})
    if operator == "ne":
        return Q(**{f"{field}__isnull": False}) & ~Q(**{f"{field}__in": values})
    return any_of(Q(TextPasses(field, operator, value)) for value in values)


def _date(field: str, operator: str, values: tuple[str, ...]) -> Q | None:
    """What is printed is cut to milliseconds, what is stored is not: equality is a range."""
    moments = [moment for value in values if (moment := meant_instant(value))]
    if operator == "eq":  # a text that is no date-time equals no date-time
        return any_of(_between(field, moment) for moment in moments)
    if len(moments) < len(values) or operator not in ("gt", "gte", "lt", "lte"):
        return None
    return any_of(_beyond(field, operator, moment) for moment in moments)


def _between(field: str, moment: datetime) -> Q:
    return Q(**{f"{field}__gte": Moment(moment)}) & _beyond(field, "lte", moment)


def _beyond(field: str, operator: str, moment: datetime) -> Q:
    after = _next(moment)
    match operator:
        case "gt":
            return Q(**{f"{field}__gte": Moment(after)}) if after else NOTHING
        case "lte":
            return Q(**{f"{field}__lt": Moment(after)}) if after else Q(**{f"{field}__isnull": False})
        case _:
            return Q(**{f"{field}__{operator}": Moment(moment)})


def _next(moment: datetime) -> datetime | None:
    """The next millisecond; None after the last of the year 9999."""
    try:
        return moment.astimezone(UTC) + MILLISECOND
    except OverflowError:
        return None


def _boolean(field: str, operator: str, values: tuple[str, ...]) -> Q | None:
    if operator != "eq":
        return None
    return Q(**{f"{field}__in": [value == "true" for value in values if value in ("true", "false")]})


def _integer(field: str, operator: str, values: tuple[str, ...]) -> Q | None:
    if operator != "eq":
        return None
    numbers = [amount for value in values if (amount := number(value)) is not None]
    return Q(**{f"{field}__in": [int(n) for n in numbers if n == n.to_integral_value() and abs(n) <= INTEGER_MAX]})


ASK: Mapping[Kind, Callable[[str, str, tuple[str, ...]], Q | None]] = {
    "text": _text,
    "date": _date,
    "boolean": _boolean,
    "integer": _integer,
}
