"""What every resource promises, of the v5 service."""

from typing import Any, ClassVar

import pytest

from inventory.resources import SERVICE_V5
from tests.helpers import client_of
from tests.tmf.answers import assert_ok
from tests.tmf.cases import ResourceCases
from tmf.resources import Json


class TestServiceV5(ResourceCases):
    resource = SERVICE_V5
    minimal = {
        "@type": "Service",
        "state": "designed",
        "serviceSpecification": {"@type": "ServiceSpecificationRef", "id": "12"},
    }
    mandatory = ("state", "serviceSpecification", "@type")
    patch = {"name": "changed"}
    other = {"description": "by another"}
    values: ClassVar[dict[str, Any]] = {"id": "another"}

    @pytest.mark.proves("list: fields narrows", "GET: fields narrows")
    def test_it_narrows_to_the_fields_asked_for(self) -> None:
        """And says the class of every object that is left."""
        made = self.made()
        kept: Json = {name: made[name] for name in ("@type", "id", "href", "state")}
        path = self.member(made["id"])
        assert assert_ok(client_of().get(f"{self.path}?fields=state,%20nosuch")) == [kept]
        assert assert_ok(client_of().get(f"{path}?fields=state")) == kept
        pruned = {**kept, "serviceSpecification": made["serviceSpecification"]}
        assert assert_ok(client_of().get(f"{path}?fields=serviceSpecification.id,state")) == pruned
