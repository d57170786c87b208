"""What the catalogue API offers for each of its resources."""

from catalog import jobs, services
from catalog.job_resources import EXPORT_JOB, IMPORT_JOB
from catalog.resources import SERVICE_CANDIDATE, SERVICE_CATALOG, SERVICE_CATEGORY, SERVICE_SPECIFICATION
from tmf.endpoints import Endpoint

SERVICE_CATALOGS = Endpoint(
    SERVICE_CATALOG,
    create=services.catalog_create,
    update=services.catalog_update,
    delete=services.catalog_delete,
)
SERVICE_CATEGORIES = Endpoint(
    SERVICE_CATEGORY,
    create=services.category_create,
    update=services.category_update,
    delete=services.category_delete,
)
SERVICE_CANDIDATES = Endpoint(
    SERVICE_CANDIDATE,
    create=services.candidate_create,
    update=services.candidate_update,
    delete=services.candidate_delete,
)
SERVICE_SPECIFICATIONS = Endpoint(
    SERVICE_SPECIFICATION,
    create=services.specification_create,
    update=services.specification_update,
    delete=services.specification_delete,
)
IMPORT_JOBS = Endpoint(IMPORT_JOB, create=jobs.import_create, delete=jobs.job_delete)
EXPORT_JOBS = Endpoint(EXPORT_JOB, create=jobs.export_create, delete=jobs.job_delete)
