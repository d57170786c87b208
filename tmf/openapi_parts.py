"""What the OpenAPI documents of all APIs share: parameters, headers, error responses, security."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from tmf.common_shapes import ERROR
from tmf.errors import BY_STATUS, NotBuilt, TmfError
from tmf.once import HEADER, KEY, REPLAYED
from tmf.resources import Api, Json
from tmf.shapes import Shape, anything, choice, reference, required, text

JSON = "application/json"
JSON_PATCH_OPERATION = Shape(
    "JsonPatchOperation",
    "One operation of a JSON Patch (RFC 6902).",
    {
        "op": required(choice("What to do.", ("add", "remove", "replace", "move", "copy", "test"))),
        "path": required(text("Where, as a JSON Pointer (RFC 6901).")),
        "from": text("Whence, for move and copy."),
        "value": anything("What, for add, replace and test."),
    },
)
SHAPES = (ERROR, JSON_PATCH_OPERATION)
SCHEMAS: Json = {
    "JsonPatch": {
        "type": "array",
        "description": "Operations applied one after the other, all or none (RFC 6902).",
        "items": reference(JSON_PATCH_OPERATION.name),
    }
}
HEADERS: Json = {
    "X-Total-Count": {"description": "How many resources match, on all pages.", "schema": {"type": "integer"}},
    "X-Total-Count-Capped": {
        "description": "Present when counting ended before the matches did: there are at least X-Total-Count.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "X-Result-Count": {"description": "How many resources this answer holds.", "schema": {"type": "integer"}},
    "Link": {
        "description": "Pages beside this one: self, first, prev, next, last (RFC 8288). With limit or offset.",
        "schema": {"type": "string"},
    },
    "Location": {"description": "The new resource's href.", "schema": {"type": "string", "format": "uri"}},
    "ETag": {"description": "The resource's version, for If-Match.", "schema": {"type": "string"}},
    REPLAYED: {
        "description": "Present when this is the answer to an earlier request with the same Idempotency-Key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Allow": {"description": "The methods that are offered.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "How to authenticate (RFC 6750).", "schema": {"type": "string"}},
}
ERROR_HEADERS = {401: "WWW-Authenticate", 405: "Allow", 429: "Retry-After", 503: "Retry-After"}


def parameters() -> Json:
    page = settings.ENV.PAGE_DEFAULT
    most = settings.ENV.PAGE_MAX
    return {
        "Id": {**_parameter("id", "path", "Identifier of the resource."), "required": True},
        "Fields": _parameter("fields", "query", "Attributes to answer beside id and href: `state,relatedParty.id`."),
        "Offset": _count("offset", "How many matches to skip.", 0),
        "Limit": _count("limit", f"How many resources to answer; never more than {most}.", page),
        "Sort": _parameter("sort", "query", "Attributes to sort by, `-` for descending: `-orderDate,id`."),
        "Filter": _parameter("filter", "query", "A JSONPath filter (TMF630 part 4)."),
        "Attributes": _attribute_filters(),
        "IdempotencyKey": _idempotency_key(),
        "IfMatch": _parameter("If-Match", "header", "Change only this version: an ETag."),
        "IfNoneMatch": _parameter("If-None-Match", "header", "Answer 304 when the version is still this: an ETag."),
    }


def _parameter(name: str, place: str, description: str, **schema: Any) -> Json:
    return {"name": name, "in": place, "description": description, "schema": {"type": "string", **schema}}


def _count(name: str, description: str, default: int) -> Json:
    return _parameter(name, "query", description, type="integer", minimum=0, default=default)


def _idempotency_key() -> Json:
    hours = settings.ENV.IDEMPOTENCY_KEEP_SECONDS / 3600
    return _parameter(
        HEADER,
        "header",
        "Names this request, by a value that no other request of this client has, such as a UUID. Sent again with the "
        f"same key and body within {hours:g} hours, it makes nothing more and is answered as it was the first time.",
        pattern=f"^{KEY.pattern}$",
    )


def _attribute_filters() -> Json:
    return {
        "name": "attributes",
        "in": "query",
        "description": (
            "Filters by attribute, any first-level name or dotted path: `state=active`, `relatedParty.role=user`, "
            "`name.regex=^A`, `orderDate.gt=2026-01-01T00:00:00Z`. Several names are AND; a comma, or a name given "
            "twice, is OR. Operators: eq ne gt gte lt lte regex."
        ),
        "style": "form",
        "explode": True,
        "schema": {"type": "object", "additionalProperties": {"type": "string"}},
        "example": {},  # else Swagger UI makes filters up
    }


def use(kind: str, *names: str) -> list[Json]:
    """References to shared parameters, in order."""
    return [{"$ref": f"#/components/{kind}/{name}"} for name in names]


def headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def body(schema: Json, **more: Any) -> Json:
    return {JSON: {"schema": schema, **more}}


def error_name(status: int) -> str:
    kind = BY_STATUS[status]
    return "InternalError" if kind is TmfError else kind.__name__


def errors(*statuses: int) -> Json:
    """The answers of an operation that refuses or fails in these ways."""
    return {str(status): {"$ref": f"#/components/responses/{error_name(status)}"} for status in sorted(statuses)}


def error_responses(api: Api) -> Json:
    documented = sorted(BY_STATUS.keys() - (() if api.typed else {NotBuilt.status}))
    return {error_name(status): _error_response(status) for status in documented}


def _error_response(status: int) -> Json:
    kind = BY_STATUS[status]
    made: Json = {"description": f"{kind.reason}. {kind.remedy}", "content": body(reference(ERROR.name))}
    if name := ERROR_HEADERS.get(status):
        made["headers"] = headers(name)
    return made


def security(scope: str) -> list[Json]:
    return [{"oauth2": [scope]}, {"bearer": []}]


def security_schemes(api: Api) -> Json:
    known: Any = settings.OAUTH2_PROVIDER["SCOPES"]
    scopes = {name: words for name, words in known.items() if name.partition(":")[0] in (api.name, "admin")}
    flow = {"tokenUrl": reverse("token"), "scopes": scopes}
    return {
        "oauth2": {
            "type": "oauth2",
            "description": "A client's own credentials against a token (RFC 6749 section 4.4).",
            "flows": {"clientCredentials": flow},
        },
        "bearer": {"type": "http", "scheme": "bearer", "description": "A token that is at hand (RFC 6750)."},
    }
