"""The resources of TMF633: what each is made of and how it is kept."""

from catalog import examples, shapes
from catalog.models import ServiceCandidate, ServiceCatalog, ServiceCategory, ServiceSpecification
from tmf.resources import Api, Column, Resource

API = Api(
    "catalog",
    "v4",
    "Service Catalog",
    "TMF633: what kinds of services there are, and what each is made of. Find what can be ordered and which "
    "characteristics it takes; keep specifications, candidates, categories and catalogues; import and export them as "
    "files.",
    "4.0.0",
)

COLUMNS = (
    Column("name", "name"),
    Column("version", "version"),
    Column("lifecycleStatus", "lifecycle_status"),
    Column("lastUpdate", "last_update", "date"),
    Column("@type", "type"),
)
SERVER_SET = frozenset({"id", "href"})
FIXED = frozenset({"id", "href", "lastUpdate"})

SERVICE_SPECIFICATION = Resource(
    name="serviceSpecification",
    api=API,
    model=ServiceSpecification,
    shape=shapes.SERVICE_SPECIFICATION,
    create=shapes.SERVICE_SPECIFICATION_CREATE,
    update=shapes.SERVICE_SPECIFICATION_UPDATE,
    example=examples.SERVICE_SPECIFICATION,
    columns=(*COLUMNS, Column("isBundle", "is_bundle", "boolean")),
    server_set=SERVER_SET,
    fixed=FIXED,
    always=("@type", "id", "href", "name", "isBundle", "lastUpdate", "lifecycleStatus"),
    events=("ServiceSpecificationCreateEvent", "ServiceSpecificationChangeEvent", "ServiceSpecificationDeleteEvent"),
)
SERVICE_CANDIDATE = Resource(
    name="serviceCandidate",
    api=API,
    model=ServiceCandidate,
    shape=shapes.SERVICE_CANDIDATE,
    create=shapes.SERVICE_CANDIDATE_CREATE,
    update=shapes.SERVICE_CANDIDATE_UPDATE,
    example=examples.SERVICE_CANDIDATE,
    columns=COLUMNS,
    server_set=SERVER_SET,
    fixed=FIXED,
    always=("id", "href", "name"),
    events=("ServiceCandidateCreateEvent", "ServiceCandidateChangeEvent", "ServiceCandidateDeleteEvent"),
)
SERVICE_CATEGORY = Resource(
    name="serviceCategory",
    api=API,
    model=ServiceCategory,
    shape=shapes.SERVICE_CATEGORY,
    create=shapes.SERVICE_CATEGORY_CREATE,
    update=shapes.SERVICE_CATEGORY_UPDATE,
    example=examples.SERVICE_CATEGORY,
    columns=(*COLUMNS, Column("parentId", "parent_id")),
    server_set=SERVER_SET,
    fixed=FIXED,
    always=("id", "href", "name", "lastUpdate"),
    events=("ServiceCategoryCreateEvent", "ServiceCategoryChangeEvent", "ServiceCategoryDeleteEvent"),
)
SERVICE_CATALOG = Resource(
    name="serviceCatalog",
    api=API,
    model=ServiceCatalog,
    shape=shapes.SERVICE_CATALOG,
    create=shapes.SERVICE_CATALOG_CREATE,
    update=shapes.SERVICE_CATALOG_UPDATE,
    example=examples.SERVICE_CATALOG,
    columns=COLUMNS,
    server_set=SERVER_SET,
    fixed=FIXED,
    always=("id", "href", "name", "lastUpdate"),
    events=(
        "ServiceCatalogCreateEvent",
        "ServiceCatalogChangeEvent",
        "ServiceCatalogBatchEvent",
        "ServiceCatalogDeleteEvent",
    ),
)
RESOURCES = (SERVICE_SPECIFICATION, SERVICE_CANDIDATE, SERVICE_CATEGORY, SERVICE_CATALOG)
