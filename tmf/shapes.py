"""Shapes: the one description of a JSON object from which validation and OpenAPI follow.

    NOTE = Shape("Note", "A remark about the order.", attributes(text=required(text("The remark."))))

A shape becomes a JSON Schema (2020-12, as in OpenAPI 3.1) whose references point into
`#/components/schemas`. Attributes that are not named are allowed: TMF resources are extensible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Attribute:
    """One attribute: its JSON Schema, whether a request must carry it, and the shapes it refers to."""

    schema: Json
    required: bool = False
    refers_to: tuple[Shape, ...] = ()

    @property
    def takes_null(self) -> bool:
        """Whether null is a value of it, as of a characteristic's."""
        return not {"type", "$ref"} & self.schema.keys()

    @property
    def target(self) -> str:
        """The name of the shape that it holds, one or a list of; empty when it holds none."""
        reference: str = self.schema.get("$ref") or self.schema.get("items", {}).get("$ref", "")
        return reference.rpartition("/")[2]


@dataclass(frozen=True, eq=False)
class Shape:
    """A named JSON object. Equal only to itself, so that what is compiled from it can be kept."""

    name: str
    description: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    rules: tuple[Json, ...] = ()  # further JSON Schemas that must hold: cross-attribute rules

    def schema(self) -> Json:
        made: Json = {
            "type": "object",
            "description": self.description,
            "properties": {name: attribute.schema for name, attribute in self.attributes.items()},
        }
        if names := [name for name, attribute in self.attributes.items() if attribute.required]:
            made["required"] = names
        if self.rules:
            made["allOf"] = [*self.rules]
        return made

    def only(self, name: str, description: str, names: Iterable[str], *, need: Iterable[str] = ()) -> Shape:
        """A shape of some of these attributes, where exactly those in `need` are mandatory."""
        needed = {*need}
        chosen = {n: replace(self.attributes[n], required=n in needed) for n in names}
        return replace(self, name=name, description=description, attributes=chosen)

    def needing(self, *names: str) -> Shape:
        """The same shape where exactly these attributes are mandatory."""
        if unknown := {*names} - self.attributes.keys():
            raise ValueError(f"{self.name} has no {sorted(unknown)}")
        return replace(self, attributes={n: replace(a, required=n in names) for n, a in self.attributes.items()})

    def reach(self) -> Iterator[Shape]:
        """This shape and every shape it refers to, each once."""
        seen: dict[str, Shape] = {}
        waiting = [self]
        while waiting:
            shape = waiting.pop()
            if shape.name in seen:
                continue
            seen[shape.name] = shape
            yield shape
            waiting.extend(other for a in shape.attributes.values() for other in a.refers_to)


def variant(shape: Shape, suffix: str, needs: Mapping[str, Iterable[str]]) -> Shape:
    """A family of shapes beside this one and those it refers to: named with the suffix, and needing more.

    `needs` names what is mandatory beside what is so already, by the shapes' own names. Shapes that neither need
    more nor refer to such are shared.
    """
    known = {each.name: each for each in shape.reach()}
    apart = {name for name, each in known.items() if any(other.name in needs for other in each.reach())}
    made: dict[str, Shape] = {}

    def copied(original: Shape) -> Shape:
        if original.name not in apart:
            return original
        if original.name not in made:
            found: dict[str, Attribute] = {}
            made[original.name] = replace(original, name=original.name + suffix, attributes=found)
            found |= {name: attribute(original, name) for name in original.attributes}
        return made[original.name]

    def attribute(owner: Shape, name: str) -> Attribute:
        own = owner.attributes[name]
        needed = own.required or name in {*needs.get(owner.name, ())}
        others = own.refers_to or [known[target] for target in _targets(own.schema) if target in known]
        return Attribute(_renamed(own.schema, apart, suffix), needed, tuple(map(copied, others)))

    return copied(shape)


def _targets(schema: Any) -> Iterator[str]:
    """The names of the shapes that a schema refers to."""
    if isinstance(schema, dict):
        yield from [schema["$ref"].rpartition("/")[2]] if "$ref" in schema else []
        for value in schema.values():
            yield from _targets(value)


def _renamed(schema: Any, apart: Set[str], suffix: str) -> Any:
    if not isinstance(schema, dict):
        return schema
    made = {name: _renamed(value, apart, suffix) for name, value in schema.items()}
    target = schema.get("$ref", "").rpartition("/")[2]
    return {**made, **reference(target + suffix)} if target in apart else made


def components(shapes: Iterable[Shape]) -> dict[str, Json]:
    """The schemas of these shapes and of all they refer to, by name. One name must mean one shape."""
    found: dict[str, Shape] = {}
    for shape in shapes:
        for reached in shape.reach():
            if found.setdefault(reached.name, reached) is not reached:
                raise ValueError(f"two shapes are named {reached.name}")
    return {name: found[name].schema() for name in sorted(found)}


def attributes(**named: Attribute) -> dict[str, Attribute]:
    """Attributes by name, with TMF's extension attributes."""
    return named | {name: own for name, own in EXTENSION.items() if name not in named}


def required(attribute: Attribute) -> Attribute:
    return replace(attribute, required=True)


def read_only(attribute: Attribute) -> Attribute:
    """An attribute that only the server sets."""
    return replace(attribute, schema={**attribute.schema, "readOnly": True})


def text(description: str, **more: Any) -> Attribute:
    return Attribute({"type": "string", "description": description, **more})


def uri(description: str, **more: Any) -> Attribute:
    return text(description, format="uri", **more)


def url(description: str) -> Attribute:
    """An absolute http(s) address that this system will call. A `uri` is a name, and is read leniently."""
    return uri(description, pattern=r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#]+\S*$", maxLength=2000)


def date_time(description: str) -> Attribute:
    return text(description, format="date-time")


def boolean(description: str) -> Attribute:
    return Attribute({"type": "boolean", "description": description})


def integer(description: str, **more: Any) -> Attribute:
    return Attribute({"type": "integer", "description": description, **more})


def number(description: str, **more: Any) -> Attribute:
    return Attribute({"type": "number", "description": description, **more})


def anything(description: str) -> Attribute:
    """Any JSON value; its type is kept."""
    return Attribute({"description": description})


def choice(description: str, values: Iterable[str]) -> Attribute:
    return text(description, enum=[*values])


def one(shape: Shape, description: str) -> Attribute:
    return Attribute({**reference(shape.name), "description": description}, refers_to=(shape,))


def many(shape: Shape, description: str, **more: Any) -> Attribute:
    return Attribute(
        {"type": "array", "items": reference(shape.name), "description": description, **more}, refers_to=(shape,)
    )


def reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def itself(name: str, description: str) -> Attribute:
    """A list of a shape that is still being described, by its name."""
    return Attribute({"type": "array", "items": reference(name), "description": description})


def later(name: str, description: str) -> Attribute:
    """One of a shape that is still being described, by its name."""
    return Attribute({**reference(name), "description": description})


EXTENSION = {
    "@baseType": text("The class this one extends."),
    "@schemaLocation": uri("Where the schema of the added attributes is found."),
    "@type": text("The class of this object."),
}
REFERRED = {"@referredType": text("The class of the object referred to.")}
