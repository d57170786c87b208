"""The jobs of TMF633, and what a job's `path` names. Jobs raise no events."""

import re
from dataclasses import dataclass

from catalog import job_shapes
from catalog.models import ExportJob, ImportJob, Job
from catalog.resources import API, RESOURCES, SERVICE_SPECIFICATION
from tmf.errors import Invalid
from tmf.resources import Column, Json, Resource
from tmf.shapes import Shape

COLUMNS = (
    Column("url", "url"),
    Column("path", "path"),
    Column("status", "status"),
    Column("creationDate", "created_at", "date"),
    Column("completionDate", "completion_date", "date"),
    Column("errorLog", "error_log"),
)
IGNORED = frozenset({"status", "creationDate", "completionDate", "errorLog"})  # whatever a client says of them
DEFAULT_PATH = f"/{SERVICE_SPECIFICATION.name}"
BY_NAME = {resource.name: resource for resource in RESOURCES}
MEMBER = re.compile(r"/?(?P<name>\w+)(?:/(?P<id>[^/]+))?/?")


def _job(
    name: str, model: type[Job], shape: Shape, create: Shape, example: Json, more: tuple[Column, ...] = ()
) -> Resource:
    return Resource(
        name=name,
        api=API,
        model=model,
        shape=shape,
        create=create,
        update=None,
        columns=(*COLUMNS, *more),
        server_set=frozenset({"id", "href"}),
        always=("id", "href", "url", "status", "creationDate"),
        example=example,
    )


IMPORT_JOB = _job(
    "importJob",
    ImportJob,
    job_shapes.IMPORT_JOB,
    job_shapes.IMPORT_JOB_CREATE,
    {"url": "https://files.example.com/specifications.json.gz", "path": "/serviceSpecification"},
)
EXPORT_JOB = _job(
    "exportJob",
    ExportJob,
    job_shapes.EXPORT_JOB,
    job_shapes.EXPORT_JOB_CREATE,
    {
        "url": "https://files.example.com/inbox/active.json.zip",
        "path": "/serviceSpecification",
        "query": "lifecycleStatus=Active",
    },
    (Column("query", "query"),),
)
JOBS = (IMPORT_JOB, EXPORT_JOB)


@dataclass(frozen=True, slots=True)
class Place:
    """What a path names: a collection, or one of its members."""

    resource: Resource
    member: str = ""


def place_of(path: str) -> Place:
    """A path with or without the API's root. Raises Invalid."""
    found = MEMBER.fullmatch(path.removeprefix(API.root))
    if not found or found["name"] not in BY_NAME:
        raise Invalid(f"must be one of {', '.join(f'/{name}' for name in BY_NAME)}", path="path")
    return Place(BY_NAME[found["name"]], found["id"] or "")
