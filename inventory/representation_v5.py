"""One stored service, two forms: what v5 shows of it, and what a change through one version does to the other.

The body holds every attribute as v4 shows it. What v5 shows follows from that by rules (`inventory.kinds`), save for
the attributes kept in `body_v5`: those that only v5 has, and those whose v5 form says more than the rules
lead to. An attribute of v4's is in `body_v5` only as long as it agrees with the body.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Set
from typing import Any

from inventory.kinds import CLASSES, SERVICE, V4_STATES, V5_ONLY, VALUES, Kind, all_plain, fits, identity

Json = dict[str, Any]
Across = Callable[[Kind, Any], Any]


def shown(flat: Json, body_v5: Json) -> Json:
    """The v5 form of a service's attributes, given v4's form of them and what is kept for v5."""
    made = {name: value for name, value in flat.items() if name not in V5_ONLY}
    made |= {name: to_v5(kind, flat[name]) for name, kind in SERVICE.parts.items() if name in flat}
    return {**made, **body_v5, "@type": SERVICE.type_of(flat)}


def changed(body: Json, body_v5: Json, document: Json, names: Set[str]) -> tuple[Json, Json]:
    """Body and `body_v5` after these attributes have become what the v5 document says; all others stay.

    `document` has only attributes that are kept there, none that have a column.
    """
    body, before, body_v5 = {**body}, shown(body, body_v5), {**body_v5}
    for name in names:
        if name in V5_ONLY:
            _put(body_v5, name, document)
        elif name in SERVICE.parts:
            _write(body, body_v5, before, document, name)
        else:
            _put(body, name, document)
    if body.get("@type") == SERVICE.type and "@type" in names:
        del body["@type"]  # v4 need not hear it
    return body, body_v5


def settled(body_v5: Json, before: Json, after: Json) -> Json:
    """`body_v5` after a change of the body through v4: what differs is told anew, keeping what v4 cannot say."""
    made = {name: value for name, value in body_v5.items() if name in V5_ONLY or name in after}
    for name, kind in SERVICE.parts.items():
        if name not in after or (name in before and (before[name] is after[name] or same(before[name], after[name]))):
            continue
        made.pop(name, None)
        if name in before:
            was = body_v5.get(name, to_v5(kind, before[name]))
            _keep(made, name, after[name], aligned(kind, to_v5, after[name], before[name], was))
        elif not all_plain(kind, after[name]):
            made[name] = to_v5(kind, after[name])
    return made


def _put(target: Json, name: str, document: Json) -> None:
    if name in document:
        target[name] = document[name]
    else:
        target.pop(name, None)


def _write(body: Json, body_v5: Json, before: Json, document: Json, name: str) -> None:
    body_v5.pop(name, None)
    if name not in document:
        body.pop(name, None)
        return
    kind, value = SERVICE.parts[name], document[name]
    flat = to_v4(kind, value)
    if name in body:
        flat = aligned(kind, to_v4, value, before[name], body[name])
    body[name] = flat
    _keep(body_v5, name, flat, value)


def _keep(body_v5: Json, name: str, flat: Any, value: Any) -> None:
    kind = SERVICE.parts[name]
    if not all_plain(kind, flat) or not same(to_v5(kind, flat), value):
        body_v5[name] = value


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same, where `true` is not `1` and `1` is not `1.0`."""
    return _whole(one) == _whole(other)


# -- by the rules alone -----------------------------------------------------------------------
def to_v5(kind: Kind, value: Any) -> Any:
    """The v5 form that follows from the v4 form: of one object, or of a list of them."""
    if isinstance(value, list):
        return [to_v5(kind, element) for element in value]
    if not isinstance(value, dict):
        return value
    if kind.wrapped:
        return _wrapped(kind, *kind.wrapped, value)
    parts = {name: to_v5(part, value[name]) for name, part in kind.parts.items() if name in value}
    return {**value, **parts, "@type": kind.type_of(value)}


def _wrapped(kind: Kind, name: str, inner: Kind, flat: Json) -> Json:
    type_name = inner.type_of(flat)
    own = () if flat.get("@type") == type_name else CLASSES  # classes of v4's own are none of v5's
    held = {key: value for key, value in flat.items() if key != "role" and key not in own}
    role = {"role": flat["role"]} if "role" in flat else {}
    return {**role, **({name: {**held, "@type": type_name}} if held else {}), "@type": kind.type}


def to_v4(kind: Kind, value: Any) -> Any:
    """The v4 form of one v5 object, or of a list of them."""
    if isinstance(value, list):
        return [to_v4(kind, element) for element in value]
    if not isinstance(value, dict):
        return value
    if kind.wrapped:
        return _flat(*kind.wrapped, value)
    parts = {name: to_v4(part, value[name]) for name, part in kind.parts.items() if name in value}
    made = {**value, **parts}
    if kind.is_told(value):
        made.pop("@type", None)
    return _without_v5(made) if kind.parts is SERVICE.parts else made


def _flat(name: str, inner: Kind, typed: Json) -> Json:
    held = typed.get(name)
    if not isinstance(held, dict):
        held = {}
    own = CLASSES if inner.is_told(held) else ()
    made = {key: value for key, value in typed.items() if key != name and key not in CLASSES}
    made |= {key: value for key, value in held.items() if key != "role" and key not in own}
    if name == "partyOrPartyRole" and "id" in made:  # v4 demands it
        made.setdefault("@referredType", "PartyRole" if held.get("@type") == "PartyRoleRef" else "Party")
    return made


def _without_v5(service: Json) -> Json:
    """A service within a service, with v4's words only."""
    made = {name: value for name, value in service.items() if name not in V5_ONLY}
    if service.get("state") in V4_STATES:
        made["state"] = V4_STATES[service["state"]]
    return made


# -- what the other version cannot say --------------------------------------------------------
def aligned(kind: Kind, across: Across, new: Any, old: Any, other: Any) -> Any:
    """The new value in the other form, keeping what only the other form of the old value says.

    `old` and `other` are the old value in both forms. Elements of lists are paired when they are alike, or known
    by the same id or name.
    """
    if not isinstance(new, list) or not isinstance(old, list) or not isinstance(other, list):
        return merged(across(kind, old), other, across(kind, new))
    return [
        across(kind, element) if pair is None else merged(across(kind, old[pair]), other[pair], across(kind, element))
        for element, pair in zip(new, _pairs(new, old), strict=True)
    ]


def _pairs(new: list[Any], old: list[Any]) -> list[int | None]:
    """For every new element the index of the old one that it was, each at most once."""
    found: list[int | None] = [None] * len(new)
    for key in (_whole, identity):
        free: dict[str, list[int]] = {}
        for index in sorted({*range(len(old))}.difference(found), reverse=True):
            free.setdefault(key(old[index]), []).append(index)
        for place, element in enumerate(new):
            if found[place] is None and (name := key(element)) and free.get(name):
                found[place] = free[name].pop()
    return found


def _whole(element: Any) -> str:
    return json.dumps(element, sort_keys=True)


def merged(base: Any, mine: Any, theirs: Any) -> Any:
    """A three-way merge of JSON values: `theirs` where it differs from `base`, else `mine`."""
    if not (isinstance(base, dict) and isinstance(mine, dict) and isinstance(theirs, dict)):
        return mine if same(base, theirs) else theirs
    made = {name: value for name, value in mine.items() if name not in base}
    for name, value in theirs.items():
        if name not in base:
            made[name] = value
        elif name in mine:
            made[name] = merged(base[name], mine[name], value)
        elif not same(base[name], value):
            made[name] = value
    return _typed(made, theirs)


def _typed(made: Json, theirs: Json) -> Json:
    """A class of characteristics stays only as long as it takes the value."""
    if "value" in made and made.get("@type") in VALUES and not fits(made["@type"], made) and "@type" in theirs:
        return {**made, "@type": theirs["@type"]}
    return made
