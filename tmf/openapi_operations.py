"""The operations of a resource, of a hub and of a listener, as OpenAPI has them."""

from collections.abc import Callable

from tmf.common_shapes import EVENT_SUBSCRIPTION, EVENT_SUBSCRIPTION_INPUT, HUB, HUB_FVO
from tmf.event_words import meaning
from tmf.once import REPLAYED
from tmf.openapi_parts import JSON, body, errors, headers, use
from tmf.resources import Api, Json, Resource
from tmf.shapes import Shape, reference

HUB_TAG = {"name": "hub", "description": "Listeners that are told of events."}
LISTENER: Json = {"callback": "https://bss.example.com/events", "query": "eventType.regex=(Create|Change)Event$"}
ALWAYS = (401, 403, 405, 406, 429, 500, 503)  # what any operation may answer
READ = (400, *ALWAYS)
WRITTEN = (400, 409, 415, *ALWAYS)
MADE = (422, *WRITTEN)

LATER = {"description": "Taken on, to be done later. This server does it at once, and never answers so."}
MERGE_OR_PATCH = (
    "By merge (RFC 7386): null takes an attribute away, objects merge, arrays are replaced whole. "
    "Or by JSON Patch (RFC 6902)."
)
WITH_QUERY = (
    " Or by JSON Patch Query, whose paths may say which elements they mean: `/note/author?note.id=7`, or as JSONPath "
    "`$.note[?(@.id=='7')].author`."
)


def of_resource(resource: Resource, method: str, *, member: bool) -> Json:
    made = {**(MEMBER if member else COLLECTION)[method](resource), "tags": [resource.name]}
    if resource.api.typed:
        later = {} if method == "GET" else {"202": LATER}
        made["responses"] = dict(sorted({**made["responses"], **later, **errors(501)}.items()))
    return made


def of_hub(api: Api, *, member: bool) -> Json:
    made = {**(_unregister() if member else _register(api)), "tags": ["hub"]}
    return {**made, "responses": {**made["responses"], **errors(501)}} if api.typed else made


def hub_shapes(api: Api) -> tuple[Shape, Shape]:
    """What a listener is shown as, and what registers one."""
    return (HUB, HUB_FVO) if api.typed else (EVENT_SUBSCRIPTION, EVENT_SUBSCRIPTION_INPUT)


def of_event(name: str, resource: Resource) -> Json:
    return {
        "post": {
            "operationId": f"listenTo{name}",
            "summary": f"{name} of a {resource.words}",
            "description": f"{meaning(name)} Posted to every listener registered at the hub whose query it matches.",
            "tags": ["hub"],
            "security": [],
            "requestBody": {"required": True, "content": body(reference(name))},
            "responses": {
                "2XX": {"description": "Heard; it is not sent again."},
                "410": {"description": "The listener is gone; nothing more is sent to it."},
                "default": {"description": "Not heard; it is sent again later, and later ones wait their turn."},
            },
        }
    }


def _list(resource: Resource) -> Json:
    paging = use("parameters", "Fields", "Offset", "Limit", "Sort", "Filter", "Attributes")
    found = {
        "content": body({"type": "array", "items": reference(resource.shape.name)}),
        "headers": headers("X-Total-Count", "X-Total-Count-Capped", "X-Result-Count", "Link"),
    }
    return {
        "operationId": f"list{resource.kind}",
        "summary": f"Find {resource.words} resources",
        "parameters": paging,
        "responses": {
            "200": {"description": "All that match, or as many as the server answers at once.", **found},
            "206": {"description": "The part that limit and offset ask for.", **found},
            **errors(*READ),
        },
    }


def _create(resource: Resource) -> Json:
    example = {"example": resource.example} if resource.example else {}
    return {
        "operationId": f"create{resource.kind}",
        "summary": f"Make a {resource.words}",
        "parameters": use("parameters", "Fields", "IdempotencyKey"),
        "requestBody": {"required": True, "content": body(reference(resource.create.name), **example)},
        "responses": {"201": _one(resource, "It is made.", "Location", "ETag", REPLAYED), **errors(*MADE)},
    }


def _retrieve(resource: Resource) -> Json:
    return {
        "operationId": f"retrieve{resource.kind}",
        "summary": f"Read a {resource.words}",
        "parameters": use("parameters", "Id", "Fields", "IfNoneMatch"),
        "responses": {
            "200": _one(resource, "As it is now.", "ETag"),
            "304": {"description": "It has not changed.", "headers": headers("ETag")},
            **errors(404, *READ),
        },
    }


def _patch(resource: Resource) -> Json:
    merge = {"schema": reference(resource.update.name if resource.update else resource.shape.name)}
    content = {
        JSON: merge,
        "application/merge-patch+json": merge,
        "application/json-patch+json": {"schema": reference("JsonPatch")},
    }
    if resource.api.typed:
        content["application/json-patch-query+json"] = {"schema": reference("JsonPatch")}
    return {
        "operationId": f"patch{resource.kind}",
        "summary": f"Change a {resource.words}",
        "description": MERGE_OR_PATCH + (WITH_QUERY if resource.api.typed else ""),
        "parameters": use("parameters", "Id", "Fields", "IfMatch"),
        "requestBody": {"required": True, "content": content},
        "responses": {"200": _one(resource, "As it is now.", "ETag"), **errors(404, 412, *WRITTEN)},
    }


def _delete(resource: Resource) -> Json:
    return {
        "operationId": f"delete{resource.kind}",
        "summary": f"Delete a {resource.words}",
        "parameters": use("parameters", "Id", "IfMatch"),
        "responses": {"204": {"description": "It is gone."}, **errors(404, 409, 412, *READ)},
    }


def _one(resource: Resource, description: str, *names: str) -> Json:
    return {"description": description, "content": body(reference(resource.shape.name)), "headers": headers(*names)}


def _register(api: Api) -> Json:
    shown, given = hub_shapes(api)
    example = {**LISTENER, "@type": "Hub"} if api.typed else LISTENER
    made = {"description": "It is told of every event from now on.", "content": body(reference(shown.name))}
    return {
        "operationId": "registerListener",
        "summary": "Register a listener",
        "parameters": use("parameters", "IdempotencyKey"),
        "requestBody": {"required": True, "content": body(reference(given.name), example=example)},
        "responses": {"201": {**made, "headers": headers("Location", REPLAYED)}, **errors(*MADE)},
    }


def _unregister() -> Json:
    return {
        "operationId": "unregisterListener",
        "summary": "Take a listener away",
        "parameters": use("parameters", "Id"),
        "responses": {"204": {"description": "It hears no more."}, **errors(404, *READ)},
    }


COLLECTION: dict[str, Callable[[Resource], Json]] = {"GET": _list, "POST": _create}
MEMBER: dict[str, Callable[[Resource], Json]] = {"GET": _retrieve, "PATCH": _patch, "DELETE": _delete}
