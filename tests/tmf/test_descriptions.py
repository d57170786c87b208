"""Every resource's description agrees with its table, its shapes and its example."""

import pytest
from django.db.models import CharField

from catalog.resources import RESOURCES as CATALOG
from inventory.resources import RESOURCES as INVENTORY
from ordering.resources import RESOURCES as ORDERING
from tmf.resources import Resource
from tmf.validation import accepted_create, check_update

RESOURCES = [*CATALOG, *INVENTORY, *ORDERING]
every = pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)


@every
def test_it_accepts_no_text_that_its_column_cannot_hold(resource: Resource) -> None:
    for column in resource.columns:
        kept = resource.model._meta.get_field(column.field)
        if not isinstance(kept, CharField):
            continue
        for shape in (resource.create, resource.update):
            attribute = shape and shape.attributes.get(column.attribute)
            if attribute and "enum" not in attribute.schema:
                assert attribute.schema.get("maxLength") == kept.max_length, column.attribute


@every
def test_it_describes_every_column_and_all_that_is_always_answered(resource: Resource) -> None:
    assert {column.attribute for column in resource.columns} <= resource.shape.attributes.keys()
    needed = {name for name, attribute in resource.shape.attributes.items() if attribute.required}
    assert {*resource.always} <= needed


@every
def test_it_has_an_example_that_a_post_accepts(resource: Resource) -> None:
    assert resource.example
    accepted_create(resource, resource.example)


@every
def test_it_lets_a_patch_name_what_its_update_shape_names_and_nothing_fixed(resource: Resource) -> None:
    if resource.update is None:
        return
    check_update(resource, resource.update.attributes)
    assert not resource.fixed & resource.update.attributes.keys()
