"""The hub of each API: listeners come and go (TMF630 part 1). What they are told is `dispatch`'s and `deliver`'s."""

import hashlib
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from rest_framework.request import Request

from tmf import outbound
from tmf.actors import Actor
from tmf.common_shapes import EVENT_SUBSCRIPTION_INPUT, HUB_FVO
from tmf.errors import Conflict, Invalid, NotFound
from tmf.models import Subscription
from tmf.once import creation
from tmf.query import compile_query
from tmf.renderers import empty_response, json_response
from tmf.resources import Api, Json
from tmf.validation import accepted, refuse_attributes
from tmf.views import ApiView


def subscription_create(*, actor: Actor, api: Api, document: Json, base_url: str) -> Subscription:
    """Registers a listener. Raises Invalid, or Conflict when the actor's party registered just this one before."""
    document = accepted(HUB_FVO if api.typed else EVENT_SUBSCRIPTION_INPUT, document)
    refuse_attributes(document.keys() & {"id", "href"}, "is set by the server and cannot be given")
    text = document.get("query", "")
    check_callback(document["callback"])
    compile_query(text)
    try:
        with creation():
            return Subscription.objects.create(
                api=api.name, version=api.version, callback=document["callback"], query=text,
                digest=_digest(document["callback"], text), base_url=base_url, party=actor.party,
                sees_all=actor.is_admin,
            )  # fmt: skip
    except IntegrityError:
        raise Conflict("this listener is registered already", path="callback") from None


def subscription_delete(*, actor: Actor, api: Api, subscription_id: str) -> None:
    """Ends a subscription with all that is owed to it. Raises NotFound, also for another party's."""
    mine = Subscription.objects.filter(pk=subscription_id, api=api.name, version=api.version)
    if not actor.is_admin:
        mine = mine.filter(party=actor.party)
    with transaction.atomic():
        if "\0" in subscription_id or not mine.delete()[0]:
            raise NotFound(f"no listener is registered under {subscription_id!r}")


def check_callback(url: str, path: str = "callback") -> None:
    """Raises Invalid for what will never be called. Names are resolved, and judged, at each delivery."""
    try:
        outbound.check_url(url)
    except outbound.Refused as refused:
        raise Invalid(str(refused), path=path) from None
    if urlsplit(url).fragment or "#" in url:
        raise Invalid("an address to call has no fragment", path=path)


def _digest(callback: str, text: str) -> str:
    return hashlib.sha256(f"{callback}\n{text}".encode()).hexdigest()


class HubCollection(ApiView):
    http_method_names = ["post", "options"]

    def needed_scope(self, method: str) -> str:
        return f"{self.api.name}:read"

    def post(self, request: Request) -> HttpResponse:
        document = self.content()
        return self.once(f"{self.api.root}/hub", document, lambda: self._registered(document))

    def _registered(self, document: Json) -> HttpResponse:
        made = subscription_create(actor=self.actor, api=self.api, document=document, base_url=self.base_url)
        location = f"{self.base_url}{self.api.root}/hub/{made.pk}"
        typed = {"@type": "Hub", "href": location} if self.api.typed else {}
        return json_response({**shown(made), **typed}, 201, {"Location": location})


class HubMember(ApiView):
    http_method_names = ["delete", "options"]

    def needed_scope(self, method: str) -> str:
        return f"{self.api.name}:read"

    def delete(self, request: Request, **kwargs: str) -> HttpResponse:
        subscription_delete(actor=self.actor, api=self.api, subscription_id=kwargs["id"])
        return empty_response(204)


def shown(subscription: Subscription) -> Json:
    made = {"id": subscription.pk, "callback": subscription.callback, "query": subscription.query}
    return {name: value for name, value in made.items() if value}


def hub_collection(api: Api) -> type[HubCollection]:
    return type(f"{_kind(api)}HubCollection", (HubCollection,), {"api": api})


def hub_member(api: Api) -> type[HubMember]:
    return type(f"{_kind(api)}HubMember", (HubMember,), {"api": api})


def _kind(api: Api) -> str:
    return f"{api.name.capitalize()}{api.version.upper()}"
