"""What the documentation's index page tells and the code knows: APIs, events, errors, limits, changes."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.apps import apps
from django.conf import settings
from django.urls import reverse

from tmf import errors
from tmf.envelope import WITH_FIELD_PATH
from tmf.event_words import meaning
from tmf.openapi import published, resources
from tmf.resources import Api, Json

EXAMPLES = Path(settings.BASE_DIR) / "docs" / "examples"
COLLECTIONS = {"opensom.postman_collection.json": "Postman", "opensom.http": "the REST Client of Visual Studio Code"}
CHANGES = "changes.yaml"
LIMITS = ("PAGE_DEFAULT", "PAGE_MAX", "COUNT_MAX", "BODY_MAX_BYTES", "JSON_MAX_DEPTH", "ORDER_MAX_ITEMS")


def contents() -> Json:
    """The context of the index page's template, save for what the request says."""
    return {
        "apis": [{"api": api, "resources": resources(api)} for api in published()],
        "roots": {f"{api.name}_{api.version}": api.root for api in published()},
        "token_path": reverse("token"),
        "scopes": settings.OAUTH2_PROVIDER["SCOPES"],
        "collections": collections(),
        "events": [(api, told) for api in published() if (told := [*events(api)])],
        "errors": error_kinds(),
        "limits": [(name, getattr(settings.ENV, name), _words(name)) for name in LIMITS],
        "timeout": settings.ENV.DELIVERY_TIMEOUT_SECONDS,
        "give_up_days": settings.ENV.DELIVERY_GIVE_UP_SECONDS / 86_400,
        "key_hours": settings.ENV.IDEMPOTENCY_KEEP_SECONDS / 3600,
        "changes": changes(),
    }


def collections() -> dict[str, str]:
    """The files of example requests that came with this installation, and the programs that read them."""
    return {name: program for name, program in COLLECTIONS.items() if (EXAMPLES / name).exists()}


def events(api: Api) -> Iterator[Json]:
    """Every event that a listener of this API may hear."""
    for resource in resources(api):
        for name in resource.events:
            field_path = name.endswith(WITH_FIELD_PATH)
            yield {"name": name, "resource": resource.name, "meaning": meaning(name), "field_path": field_path}


def error_kinds() -> list[type[errors.TmfError]]:
    """Every error that can be answered, by status."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.TmfError)]
    return sorted(kinds, key=lambda kind: kind.status)


@cache
def changes() -> list[tuple[str, list[Json]]]:
    """What has changed for clients, by API: the title, and its releases with their changes."""
    common = [("All APIs", _read(Path(apps.get_app_config("tmf").path) / CHANGES))]
    return common + [(f"{api.title} {api.version}", _read(_file(api))[api.version]) for api in published()]


def _file(api: Api) -> Path:
    return Path(apps.get_app_config(api.name).path) / CHANGES


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def _words(name: str) -> str:
    """What config.env says of a setting."""
    return type(settings.ENV).model_fields[name].description or ""
