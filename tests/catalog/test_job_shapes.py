"""A job needs an address that can be called; what the client says of its progress does not matter."""

import pytest

from catalog.job_shapes import EXPORT_JOB_CREATE, IMPORT_JOB_CREATE
from tmf.errors import Invalid
from tmf.shapes import Shape
from tmf.validation import check

every = pytest.mark.parametrize("shape", [IMPORT_JOB_CREATE, EXPORT_JOB_CREATE], ids=lambda shape: shape.name)


@every
def test_it_accepts_a_job(shape: Shape) -> None:
    check(shape, {"url": "https://files.example/catalogue.json.gz", "path": "/serviceCategory", "status": "Succeeded"})


@every
@pytest.mark.parametrize("url", [None, "", "catalogue.json", "file:///etc/passwd", 7])
def test_it_refuses_a_job_without_an_address(shape: Shape, url: object) -> None:
    for document in ({}, {"url": url}):
        with pytest.raises(Invalid) as caught:
            check(shape, document)
        assert caught.value.path == "url"
