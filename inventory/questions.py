"""What a filter on v5's names asks of the body, where attributes stand as v4 shows them.

    relatedParty.partyOrPartyRole.id=456   →  relatedParty.id=456
    serviceCharacteristic.@type=StringCharacteristic  →  serviceCharacteristic.value is a string

Exact for attributes that are plain (`Kind.is_plain`); the others stand in `body_v5` as v5 shows them.
"""

from __future__ import annotations

from inventory.kinds import NARROWEST, SERVICE, V5_ONLY, Characteristic, Kind
from tmf.query.tree import And, Condition, Node, Not, Or, Some, both, either

TRUE: Node = And(())
FALSE: Node = Or(())


def of_the_body(node: Condition | Some) -> Node:
    """The question about v5's service as one about the body; it looks at one first-level attribute."""
    return FALSE if node.path[0] in V5_ONLY else _asked(SERVICE, node)


def _asked(kind: Kind, node: Node) -> Node:
    match node:
        case And(parts):
            return both([_asked(kind, part) for part in parts]) if parts else node
        case Or(parts):
            return either([_asked(kind, part) for part in parts]) if parts else node
        case Not(part):
            return Not(_asked(kind, part))
        case Some((), part):
            return _asked(kind, part)
        case Condition(()):
            return node
        case _:
            return _about(kind, node)


def _about(kind: Kind, node: Condition | Some) -> Node:
    name = node.path[0]
    if name == "@type":
        return _type(kind, node)
    if kind.wrapped:
        return _wrapped(*kind.wrapped, node)
    part = kind.parts.get(name)
    return node if part is None else _within(name, _asked(part, _rest(node)))


def _within(name: str, inner: Node) -> Node:
    """Some object at `name` is so."""
    match inner:
        case Condition() | Some():
            return inner.under((name,))
        case Or(()):
            return FALSE
        case Or(parts) if all(isinstance(part, Condition | Some) for part in parts):
            return either([_within(name, part) for part in parts])
        case And(()):
            return Condition((name,), "exists")
        case _:
            return Some((name,), inner)


def _wrapped(wrapper: str, inner: Kind, node: Condition | Some) -> Node:
    """What v5 nests in `wrapper` stands in the same object, beside the role."""
    if node.path[0] == "role":
        return node
    if node.path[0] != wrapper:
        return FALSE
    rest = _rest(node)
    if isinstance(rest, Condition) and not rest.path:
        return TRUE if rest.operator == "exists" else FALSE
    return _asked(inner, _shielded(rest))


def _shielded(node: Node) -> Node:
    """Without what is asked of a role: there is none within."""
    match node:
        case And(parts) if parts:
            return both([_shielded(part) for part in parts])
        case Or(parts) if parts:
            return either([_shielded(part) for part in parts])
        case Not(part):
            return Not(_shielded(part))
        case Some((), part):
            return _shielded(part)
        case Condition(("role", *_)) | Some(("role", *_)):
            return FALSE
        case _:
            return node


def _type(kind: Kind, node: Condition | Some) -> Node:
    if isinstance(kind, Characteristic):
        return _type_by_value(node)
    assumed = node.matches({"@type": kind.type})
    if kind.wrapped:
        return TRUE if assumed else FALSE
    return either([node, Not(Condition(("@type",), "exists"))]) if assumed else node


def _type_by_value(node: Condition | Some) -> Node:
    """A plain characteristic has no `@type`: its value tells."""
    types = [json for name, json in NARROWEST.items() if node.matches({"@type": f"{name}Characteristic"})]
    return Condition(("value",), "typed", tuple(types)) if types else FALSE


def _rest(node: Condition | Some) -> Node:
    """The question that remains for each value at the path's first name."""
    if isinstance(node, Some):
        return Some(node.path[1:], node.part)
    return Condition(node.path[1:], node.operator, node.values)
