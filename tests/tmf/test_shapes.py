"""Shapes become JSON Schemas, and one name means one shape."""

import pytest

from tmf.shapes import Shape, attributes, components, itself, later, many, one, read_only, required, text, uri

LEAF = Shape("Leaf", "A leaf.", attributes(name=required(text("Its name."))))
TREE = Shape(
    "Tree",
    "A tree.",
    {
        "trees": itself("Tree", "Trees below."),
        "next": later("Tree", "The next tree."),
        "leaves": many(LEAF, "Leaves.", minItems=1),
        "best": required(one(LEAF, "The best leaf.")),
        "seen": read_only(text("When it was seen.")),
    },
)


def test_it_describes_itself_as_a_json_schema() -> None:
    assert TREE.schema() == {
        "type": "object",
        "description": "A tree.",
        "properties": {
            "trees": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}, "description": "Trees below."},
            "next": {"$ref": "#/components/schemas/Tree", "description": "The next tree."},
            "leaves": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/Leaf"},
                "description": "Leaves.",
                "minItems": 1,
            },
            "best": {"$ref": "#/components/schemas/Leaf", "description": "The best leaf."},
            "seen": {"type": "string", "description": "When it was seen.", "readOnly": True},
        },
        "required": ["best"],
    }


def test_it_has_the_extension_attributes_unless_they_are_named_otherwise() -> None:
    assert [*LEAF.attributes] == ["name", "@baseType", "@schemaLocation", "@type"]
    own = text("The class, of some length.", maxLength=9)
    assert attributes(**{"@type": own})["@type"] is own


def test_it_reaches_every_shape_once() -> None:
    assert sorted(components([TREE, LEAF])) == ["Leaf", "Tree"]


def test_it_refuses_two_shapes_of_one_name() -> None:
    with pytest.raises(ValueError, match="two shapes are named Leaf"):
        components([TREE, LEAF.needing()])


def test_it_makes_variants_that_need_other_attributes() -> None:
    assert LEAF.needing("@type").schema()["required"] == ["@type"]
    assert "required" not in LEAF.needing().schema()
    some = TREE.only("Some", "Some of a tree.", ["best", "leaves"], need=["leaves"])
    assert (some.name, [*some.attributes], some.schema()["required"]) == ("Some", ["best", "leaves"], ["leaves"])


def test_it_refuses_to_need_what_it_does_not_have() -> None:
    with pytest.raises(ValueError, match="Leaf has no"):
        LEAF.needing("colour")


def test_it_reads_a_name_of_a_thing_leniently() -> None:
    assert uri("A name.").schema == {"type": "string", "description": "A name.", "format": "uri"}
