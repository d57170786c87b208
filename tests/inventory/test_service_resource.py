"""What every resource promises, of the service."""

from inventory.resources import SERVICE
from tests.tmf.cases import ResourceCases


class TestService(ResourceCases):
    resource = SERVICE
    minimal = {"state": "designed", "serviceSpecification": {"id": "12"}}
    mandatory = ("state", "serviceSpecification")
    patch = {"name": "changed"}
    other = {"description": "by another"}
