"""Conditional requests (RFC 9110 section 13): a resource's revision is its entity tag."""

from django.utils.http import parse_etags

from tmf.errors import PreconditionFailed
from tmf.models import StoredResource


def etag(row: StoredResource) -> str:
    return f'"{row.revision}"'


def check_if_match(header: str | None, row: StoredResource) -> None:
    """Raises PreconditionFailed when If-Match names other revisions than the present one."""
    if header is None:
        return
    tags = parse_etags(header)
    if "*" not in tags and etag(row) not in tags:
        raise PreconditionFailed(f"it is at revision {etag(row)}")


def unchanged(header: str | None, row: StoredResource) -> bool:
    """Whether If-None-Match names the present revision."""
    if header is None:
        return False
    tags = [tag.removeprefix("W/") for tag in parse_etags(header)]
    return "*" in tags or etag(row) in tags
