"""What docs/conformance.md 0 promises of every resource. A resource's tests inherit this and supply data."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.helpers import admin_client, anonymous, client_of
from tests.rivals import rival_before
from tests.tmf.answers import assert_error, assert_ok
from tmf.models import Event
from tmf.resources import Json, Resource

JSON = "application/json"
MERGE = "application/merge-patch+json"
OPERATIONS = "application/json-patch+json"
HOST = "http://testserver"
UNCLEAN = ("", "{", "[]", "7", '"x"', "null", '{"a":1,"a":2}', '{"a":"\\u0000"}', '{"a":NaN}')


@pytest.mark.django_db
class StoredCases:
    """What holds for whatever can be posted and read. Supply at least `resource`, `minimal` and `mandatory`."""

    resource: ClassVar[Resource]
    minimal: ClassVar[Json]  # the smallest body that a POST takes
    mandatory: ClassVar[tuple[str, ...]]  # first-level attributes that it may not lack
    values: ClassVar[Mapping[str, Any]] = {}  # what to send for a server-set or fixed attribute, where a text is none
    extension: ClassVar[Json] = {"x": {"zero": 0, "no": False, "none": {}, "list": [1, 1.5, "1"]}}

    @property
    def path(self) -> str:
        return self.resource.path()

    def made(self, client: Client | None = None, **more: Any) -> Any:
        """A member, as the POST answered it."""
        answer = (client or client_of()).post(self.path, {**self.minimal, **more}, JSON)
        return assert_ok(answer, 201)

    def nothing_happened(self) -> None:
        assert self.resource.model.objects.count() == 0
        assert Event.objects.count() == 0

    def event_types(self, identifier: str) -> list[str]:
        events = Event.objects.filter(resource=self.resource.name, resource_id=identifier).order_by("sequence")
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        return [event.type for event in events]

    def event(self, what: str) -> str:
        return self.resource.name[0].upper() + self.resource.name[1:] + what + "Event"

    @property
    def first_events(self) -> list[str]:
        """What tells that a member was made; nothing, where the resource raises no events."""
        return [self.event("Create")] if self.resource.events else []

    def member(self, identifier: str) -> str:
        return self.resource.path(identifier)

    # -- POST ---------------------------------------------------------------------------------

    @pytest.mark.proves(
        "POST: 201, Location, ETag and the full representation",
        "GET: the same as the POST answered; 404 for an unknown id",
        "event: Create",
    )
    def test_it_creates(self) -> None:
        answer = client_of().post(self.path, self.minimal, JSON)
        body = assert_ok(answer, 201)
        assert answer["Location"] == body["href"] == HOST + self.member(body["id"])
        assert answer["ETag"] == '"1"'
        assert set(self.resource.always) <= body.keys()
        assert self.resource.model.objects.count() == 1
        assert self.event_types(body["id"]) == self.first_events
        assert client_of().get(self.member(body["id"])).json() == body

    @pytest.mark.proves("list: as many queries for many as for one")
    def test_it_lists_many_with_the_queries_of_one(self) -> None:
        client, counted = client_of(), []
        for wanted in (1, 6):
            while self.resource.model.objects.count() < wanted:
                self.made(client)
            with CaptureQueriesContext(connection) as queries:
                assert len(assert_ok(client.get(self.path))) == wanted
            counted.append(len(queries))
        assert counted[0] == counted[1] <= 4

    @pytest.mark.proves("list: with and without a final slash")
    def test_it_answers_with_and_without_a_trailing_slash(self) -> None:
        client = client_of()
        made = assert_ok(client.post(self.path + "/", self.minimal, JSON), 201)
        assert assert_ok(client.get(self.path + "/")) == assert_ok(client.get(self.path)) == [made]
        assert assert_ok(client.get(self.member(made["id"]) + "/")) == made

    @pytest.mark.proves("POST: fields narrows")
    def test_it_narrows_the_answer_of_a_post_to_the_fields_asked_for(self) -> None:
        name = self.mandatory[0]
        body = assert_ok(client_of().post(f"{self.path}?fields={name}", self.minimal, JSON), 201)
        assert body.keys() == {"id", "href", name} | ({"@type"} if self.resource.api.typed else set())

    @pytest.mark.proves("POST: unknown attributes, @baseType and @schemaLocation are kept with their JSON types")
    def test_it_keeps_attributes_it_does_not_know(self) -> None:
        named: Json = {"@baseType": "Thing", "@schemaLocation": "http://example.com/s.json"}
        made = self.made(**self.extension, **named)
        shown = client_of().get(self.member(made["id"])).json()
        assert json.dumps(shown["x"], sort_keys=True) == json.dumps(self.extension["x"], sort_keys=True)
        assert (shown["@baseType"], shown["@schemaLocation"]) == ("Thing", "http://example.com/s.json")

    @pytest.mark.proves("POST: 400 without what is mandatory; nothing is made")
    def test_it_refuses_a_post_without_what_is_mandatory(self) -> None:
        client = client_of()
        for name in self.mandatory:
            body = {other: value for other, value in self.minimal.items() if other != name}
            assert_error(client.post(self.path, body, JSON), 400, name)
        self.nothing_happened()

    @pytest.mark.proves("POST: 400 for what only the server sets; nothing is made")
    def test_it_refuses_a_post_of_what_only_the_server_sets(self) -> None:
        client = client_of()
        for name in self.resource.server_set:
            body = {**self.minimal, name: self.values.get(name, "x")}
            assert_error(client.post(self.path, body, JSON), 400, name)
        self.nothing_happened()

    @pytest.mark.proves("POST: 400 for what is no clean JSON object; nothing is made")
    @pytest.mark.parametrize(
        "body", ["", "{", "[]", "7", '"x"', "null", '{"a":1,"a":2}', '{"a":"\\u0000"}', '{"a":NaN}']
    )
    def test_it_refuses_a_post_that_is_no_clean_json_object(self, body: str) -> None:
        assert_error(client_of().generic("POST", self.path, body, JSON), 400)
        self.nothing_happened()

    @pytest.mark.proves("POST: 415 for another media type; nothing is made")
    @pytest.mark.parametrize(
        "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", MERGE]
    )
    def test_it_refuses_a_post_of_another_media_type(self, media_type: str) -> None:
        assert_error(client_of().generic("POST", self.path, json.dumps(self.minimal), media_type), 415)
        self.nothing_happened()

    @pytest.mark.proves("POST: the first answer again for a repeated Idempotency-Key, 422 with another body")
    def test_it_answers_a_repeated_post_with_its_first_answer(self) -> None:
        client, key = client_of(), {"idempotency-key": "k-1"}
        first = client.post(self.path, self.minimal, JSON, headers=key)
        assert_ok(first, 201)
        again = client.post(self.path, self.minimal, JSON, headers=key)
        assert (again.status_code, again.content, again["Location"]) == (201, first.content, first["Location"])
        assert again["Idempotency-Replayed"] == "true"
        assert_error(client.post(self.path, {**self.minimal, "x": 1}, JSON, headers=key), 422, "Idempotency-Key")
        assert self.resource.model.objects.count() == 1

    @pytest.mark.proves("POST: 401 without a token")
    def test_it_asks_for_a_token(self) -> None:
        for answer in (anonymous().get(self.path), anonymous().post(self.path, self.minimal, JSON)):
            assert_error(answer, 401)
            assert answer["WWW-Authenticate"].startswith("Bearer ")
        self.nothing_happened()

    @pytest.mark.proves("POST: 403 without the scope or a party")
    def test_it_asks_for_the_scope(self) -> None:
        api = self.resource.api.name
        assert_error(client_of(scopes=[]).get(self.path), 403, f"{api}:read")
        assert_error(client_of(scopes=[f"{api}:read"]).post(self.path, self.minimal, JSON), 403, f"{api}:write")
        assert_error(client_of(scopes=[f"{api}:write"]).get(self.path), 403, f"{api}:read")
        self.nothing_happened()

    @pytest.mark.proves("POST: 403 without the scope or a party")
    def test_it_refuses_a_client_without_a_party(self) -> None:
        assert_error(client_of(party="").post(self.path, self.minimal, JSON), 403, "party")
        self.nothing_happened()

    # -- GET ----------------------------------------------------------------------------------

    @pytest.mark.proves("GET: the same as the POST answered; 404 for an unknown id")
    def test_it_tells_that_an_id_is_unknown(self) -> None:
        for identifier in ("nothing", "%00", "%F0%9F%92%A9", "a%27b", "x" * 300):
            assert_error(client_of().get(f"{self.path}/{identifier}"), 404)

    @pytest.mark.proves("list: X-Total-Count, X-Result-Count and a stable order")
    def test_it_lists_with_counts(self) -> None:
        client = client_of()
        made = [self.made(client) for _ in range(3)]
        answer = client.get(self.path)
        assert assert_ok(answer) == made
        assert (answer["X-Total-Count"], answer["X-Result-Count"]) == ("3", "3")
        assert "Link" not in answer

    @pytest.mark.proves(
        "list: 206 and Link with offset and limit; an empty page past the end; 400 for what is no number"
    )
    def test_it_pages(self) -> None:
        client = client_of()
        made = [self.made(client) for _ in range(3)]
        answer = client.get(f"{self.path}?offset=1&limit=1")
        assert assert_ok(answer, 206) == [made[1]]
        assert (answer["X-Total-Count"], answer["X-Result-Count"]) == ("3", "1")
        for relation in ("self", "first", "prev", "next", "last"):
            assert f'rel="{relation}"' in answer["Link"]
        assert assert_ok(client.get(f"{self.path}?limit=3")) == made
        assert assert_ok(client.get(f"{self.path}?offset=9")) == []
        assert_error(client.get(f"{self.path}?limit=-1"), 400, "limit")

    @pytest.mark.proves("list: filters by known and unknown attributes; what nothing has matches nothing")
    def test_it_filters(self) -> None:
        client = client_of()
        self.made(client)
        one = self.made(client, x="one")
        assert assert_ok(client.get(f"{self.path}?id={one['id']}")) == [one]
        assert assert_ok(client.get(f"{self.path}?x=one")) == [one]
        assert assert_ok(client.get(f"{self.path}?nosuch=one")) == []

    @pytest.mark.proves("list: fields narrows", "GET: fields narrows")
    def test_it_narrows_to_the_fields_asked_for(self) -> None:
        made, name = self.made(), self.mandatory[0]
        wanted = {key: made[key] for key in ("id", "href", name)}
        assert assert_ok(client_of().get(f"{self.path}?fields={name},%20nosuch")) == [wanted]
        assert assert_ok(client_of().get(f"{self.member(made['id'])}?fields={name}")) == wanted

    @pytest.mark.proves("GET: 304 for If-None-Match")
    def test_it_tells_that_nothing_has_changed(self) -> None:
        path = self.member(self.made()["id"])
        tag = client_of().get(path)["ETag"]
        answer = client_of().get(path, headers={"if-none-match": tag})
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
        assert client_of().get(path, headers={"if-none-match": '"0"'}).status_code == 200

    @pytest.mark.proves("list: 406 for what is no JSON")
    def test_it_answers_nothing_but_json(self) -> None:
        assert_error(client_of().get(self.path, headers={"accept": "text/html"}), 406)
        assert_ok(client_of().get(self.path, headers={"accept": "text/html, */*;q=0.1"}))
        assert_ok(client_of().get(self.path, headers={"accept": "application/json;charset=utf-8"}))

    @pytest.mark.proves(
        "list: only what the caller's party may see", "GET: 404 for another party's, where it has an owner"
    )
    def test_it_shows_what_has_an_owner_to_its_party_only(self) -> None:
        made, stranger = self.made(), client_of("stranger")
        hidden = self.resource.model.OWNED
        assert assert_ok(admin_client().get(self.path)) == [made]
        assert assert_ok(stranger.get(self.path)) == ([] if hidden else [made])
        if hidden:
            assert_error(stranger.get(self.member(made["id"])), 404)

    # -- helpers ------------------------------------------------------------------------------

    def unchanged(self, made: Json) -> None:
        row = self.resource.model.objects.get(pk=made["id"])
        assert row.revision == 1
        assert self.event_types(made["id"]) == self.first_events
        assert client_of().get(self.member(made["id"])).json() == made


class ResourceCases(StoredCases):
    """What holds for whatever can be changed and deleted, too. Supply also `patch` and `other`."""

    patch: ClassVar[Json]  # one attribute that may be changed, with a value that `minimal` does not lead to
    other: ClassVar[Json]  # another one

    def before_delete(self, identifier: str) -> None:
        """Brings the member into a state in which it may be deleted."""

    @property
    def changed(self) -> str:
        names = (self.event("AttributeValueChange"), self.event("Change"))
        return next(name for name in names if name in self.resource.events)

    # -- PATCH --------------------------------------------------------------------------------

    def test_it_lets_nobody_change_what_another_party_owns(self) -> None:
        if not self.resource.model.OWNED:
            return
        made, stranger = self.made(), client_of("stranger")
        path = self.member(made["id"])
        assert_error(stranger.patch(path, self.patch, JSON), 404)
        assert_error(stranger.delete(path), 403 if self.needs_admin_to_delete() else 404)
        self.unchanged(made)

    @pytest.mark.proves(
        "PATCH: merges; 200 with the full resource and a new ETag", "event: AttributeValueChange", "event: Change"
    )
    @pytest.mark.parametrize("media_type", [JSON, MERGE])
    def test_it_merges(self, media_type: str) -> None:
        made = self.made()
        answer = client_of().patch(self.member(made["id"]), self.patch, media_type)
        body = assert_ok(answer)
        assert answer["ETag"] == '"2"'
        assert self.patch.items() <= body.items()
        self.only_differs(made, body, self.patch)
        assert client_of().get(self.member(made["id"])).json() == body
        assert self.event_types(made["id"]) == [self.event("Create"), self.changed]

    @pytest.mark.proves("PATCH: JSON Patch; 409 when a test fails")
    def test_it_applies_a_json_patch(self) -> None:
        made = self.made()
        body = assert_ok(client_of().patch(self.member(made["id"]), self.operations(), OPERATIONS))
        assert self.patch.items() <= body.items()
        assert self.event_types(made["id"]) == [self.event("Create"), self.changed]

    @pytest.mark.proves("PATCH: JSON Patch; 409 when a test fails")
    def test_it_refuses_a_json_patch_whose_test_fails(self) -> None:
        made = self.made()
        operations = [*self.operations(), {"op": "test", "path": "/id", "value": "another"}]
        assert_error(client_of().patch(self.member(made["id"]), operations, OPERATIONS), 409)
        self.unchanged(made)

    @pytest.mark.proves("PATCH: what changes nothing is 200, without an event")
    @pytest.mark.parametrize("media_type", [JSON, MERGE])
    def test_it_takes_an_empty_patch_for_what_it_is(self, media_type: str) -> None:
        made = self.made()
        assert assert_ok(client_of().patch(self.member(made["id"]), {}, media_type)) == made
        assert assert_ok(client_of().patch(self.member(made["id"]), [], OPERATIONS)) == made
        self.unchanged(made)

    @pytest.mark.proves("PATCH: what changes nothing is 200, without an event")
    def test_it_tells_nobody_of_a_patch_that_changes_nothing(self) -> None:
        made = self.made(**self.patch)
        assert assert_ok(client_of().patch(self.member(made["id"]), self.patch, JSON)) == made
        self.unchanged(made)

    @pytest.mark.proves("PATCH: 400 for what is fixed; nothing is applied")
    def test_it_refuses_a_patch_of_what_is_fixed_and_applies_nothing_of_it(self) -> None:
        made = self.made()
        for name in self.resource.fixed:
            value = self.values.get(name, "2030-01-01T00:00:00.000Z" if name.endswith("Date") else "x")
            assert_error(client_of().patch(self.member(made["id"]), {**self.patch, name: value}, JSON), 400, name)
            operations = [*self.operations(), {"op": "add", "path": f"/{name}", "value": value}]
            assert_error(client_of().patch(self.member(made["id"]), operations, OPERATIONS), 400, name)
        self.unchanged(made)

    @pytest.mark.proves("PATCH: 400 for what is no clean JSON; nothing is applied")
    @pytest.mark.parametrize("body", UNCLEAN)
    def test_it_refuses_a_patch_that_is_no_clean_json_object(self, body: str) -> None:
        made = self.made()
        assert_error(client_of().generic("PATCH", self.member(made["id"]), body, JSON), 400)
        self.unchanged(made)

    @pytest.mark.proves("PATCH: 415 for another media type")
    def test_it_refuses_a_patch_of_another_media_type(self) -> None:
        made = self.made()
        assert_error(client_of().generic("PATCH", self.member(made["id"]), json.dumps(self.patch), "text/plain"), 415)
        self.unchanged(made)

    @pytest.mark.proves("PATCH: 404 for an unknown id")
    def test_it_tells_that_what_is_to_be_patched_is_unknown(self) -> None:
        assert_error(client_of().patch(self.member("nothing"), self.patch, JSON), 404)

    @pytest.mark.proves("PATCH: 412 for a stale If-Match")
    def test_it_heeds_if_match(self) -> None:
        made = self.made()
        patch = partial(client_of().patch, self.member(made["id"]), self.patch, JSON)
        assert_error(patch(headers={"if-match": '"7"'}), 412)
        self.unchanged(made)
        assert_ok(patch(headers={"if-match": '"1"'}))

    @pytest.mark.proves("PATCH: no update is lost to a rival; 409 when it never rests")
    def test_it_loses_no_update_to_a_rival(self) -> None:
        made = self.made()
        path = self.member(made["id"])
        with rival_before("tmf.views.differing", lambda: assert_ok(client_of().patch(path, self.other, JSON)), times=1):
            assert_ok(client_of().patch(path, self.patch, JSON))
        shown = client_of().get(path).json()
        assert (self.patch | self.other).items() <= shown.items()
        assert self.event_types(made["id"]) == [self.event("Create"), self.changed, self.changed]

    @pytest.mark.proves("PATCH: no update is lost to a rival; 409 when it never rests")
    def test_it_gives_up_on_a_rival_that_never_rests(self) -> None:
        made = self.made()
        rows = self.resource.model.objects.filter(pk=made["id"])
        with rival_before("tmf.views.differing", lambda: rows.update(revision=F("revision") + 1), times=5):
            assert_error(client_of().patch(self.member(made["id"]), self.patch, JSON), 409)
        assert client_of().get(self.member(made["id"])).json() == made
        assert self.event_types(made["id"]) == [self.event("Create")]

    # -- DELETE, PUT --------------------------------------------------------------------------

    @pytest.mark.proves("DELETE: 204, then 404", "event: Delete")
    def test_it_deletes(self) -> None:
        made = self.made()
        self.before_delete(made["id"])
        events = Event.objects.count()
        answer = self.remover().delete(self.member(made["id"]))
        assert (answer.status_code, answer.content) == (204, b"")
        assert "Content-Type" not in answer
        assert self.resource.model.objects.count() == 0
        assert Event.objects.count() == events + 1
        last = Event.objects.latest("sequence")
        assert (last.type, last.payload["id"]) == (self.event("Delete"), made["id"])
        assert_error(self.remover().delete(self.member(made["id"])), 404)

    @pytest.mark.proves("DELETE: 412 for a stale If-Match")
    def test_it_deletes_only_what_if_match_names(self) -> None:
        made = self.made()
        self.before_delete(made["id"])
        assert_error(self.remover().delete(self.member(made["id"]), headers={"if-match": '"99"'}), 412)
        assert self.resource.model.objects.count() == 1

    @pytest.mark.proves("405 with Allow for what is not offered")
    def test_it_offers_no_put(self) -> None:
        made = self.made()
        for path, allowed in ((self.path, {"GET", "POST"}), (self.member(made["id"]), {"GET", "PATCH"})):
            answer = client_of().put(path, self.minimal, JSON)
            assert_error(answer, 405)
            assert allowed <= set(answer["Allow"].split(", "))
            assert "PUT" not in answer["Allow"]
        self.unchanged(made)

    # -- helpers ------------------------------------------------------------------------------

    def needs_admin_to_delete(self) -> bool:
        return False

    def remover(self) -> Client:
        return admin_client() if self.needs_admin_to_delete() else client_of()

    def operations(self) -> list[Json]:
        return [{"op": "add", "path": f"/{name}", "value": value} for name, value in self.patch.items()]

    def only_differs(self, before: Json, after: Json, patch: Json) -> None:
        differing = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        assert differing - {"lastUpdate"} == patch.keys()
