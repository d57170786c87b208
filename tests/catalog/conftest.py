"""What tests of the catalogue may ask for."""

from collections.abc import Iterator

import pytest

from tests.catalog.files import Files, file_server


@pytest.fixture
def files() -> Iterator[Files]:
    """A server of files."""
    with file_server() as served:
        yield served
