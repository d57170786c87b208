"""The four resources of TMF633 keep what docs/conformance.md 0 promises of every resource."""

from typing import ClassVar

from catalog.resources import SERVICE_CANDIDATE, SERVICE_CATALOG, SERVICE_CATEGORY, SERVICE_SPECIFICATION
from tests.tmf.cases import ResourceCases
from tmf.resources import Json

MOMENT = "2030-01-01T00:00:00.000Z"


class CatalogCases(ResourceCases):
    minimal: ClassVar[Json] = {"name": "Internet"}
    mandatory: ClassVar[tuple[str, ...]] = ("name",)
    patch: ClassVar[Json] = {"description": "fast"}
    other: ClassVar[Json] = {"lifecycleStatus": "Active"}
    values: ClassVar[Json] = {"lastUpdate": MOMENT}


class TestServiceSpecification(CatalogCases):
    resource = SERVICE_SPECIFICATION


class TestServiceCandidate(CatalogCases):
    resource = SERVICE_CANDIDATE
    minimal: ClassVar[Json] = {"name": "Internet", "serviceSpecification": {"id": "42"}}
    mandatory: ClassVar[tuple[str, ...]] = ("name", "serviceSpecification")


class TestServiceCategory(CatalogCases):
    resource = SERVICE_CATEGORY


class TestServiceCatalog(CatalogCases):
    resource = SERVICE_CATALOG
