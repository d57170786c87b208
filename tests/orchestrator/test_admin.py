"""The engine's pages in the admin: what operators see, and what they may do."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory.models import Service
from orchestrator.callbacks import task_complete
from orchestrator.connectors.base import Done, Permanent, Task
from orchestrator.intake import decompose_due
from orchestrator.models import Answer, Definition, Fallout, FulfilmentItem, Plan, Step, Target
from tests.orchestrator.conftest import definition, item, place, specification, state_of, work
from tests.orchestrator.recorder import Ledger
from tmf.dispatch import dispatch_due
from tmf.errors import Conflict, NotFound
from tmf.models import JournalEntry

Json = dict[str, Any]
pytestmark = pytest.mark.django_db
ADMIN = "/admin/orchestrator"
RETRY = f"{ADMIN}/fallout/retry/"


def operator(*permissions: str, name: str = "olga", everything: bool = False) -> Client:
    """Somebody logged in who has these permissions of the engine, as `view_fallout`."""
    user = User.objects.create_user(name, password="x", is_staff=True, is_superuser=everything)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=permissions, content_type__app_label="orchestrator")
    )
    client = Client()
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    assert answer.status_code == 200, (answer.status_code, getattr(answer, "url", ""))
    return str(answer.content.decode())


def refuses(task: Task) -> Done:
    raise Permanent("no such port", code="noPort")


@pytest.fixture
def fall_out(target: Target, bss: Client, ledger: Ledger) -> Callable[[int], Sequence[str]]:
    """`fall_out(3)`: three orders whose only step fell out; their ids."""
    specification("Line")
    definition("Line", {"key": "activate", "target": "lab", "request": {"name": "a", "site": "Main Street"}})

    def run(count: int) -> Sequence[str]:
        ledger.scripts["a"] = [refuses] * count
        placed = [place(bss, item("1", "Line")) for _ in range(count)]
        work()
        return placed

    return run


# -- fallouts -------------------------------------------------------------------------------


def test_it_shows_what_fell_out_why_and_who_can_mend_it(fall_out: Callable[[int], Sequence[str]]) -> None:
    [order_id] = fall_out(1)
    page = text(operator("view_fallout").get(f"{ADMIN}/fallout/"))
    for told in ("no such port", "Refused", "whoever ordered, or the target&#x27;s owner", "activate", "lab", order_id):
        assert told in page


def test_it_shows_one_fallout_with_cause_attempts_and_request(fall_out: Callable[[int], Sequence[str]]) -> None:
    fall_out(1)
    page = text(operator("view_fallout").get(f"{ADMIN}/fallout/{Fallout.objects.get().pk}/change/"))
    for told in ("noPort", "Main Street", "permanent", Step.objects.get().operation_key):
        assert told in page


@pytest.mark.parametrize(
    ("query", "count"),
    [("", 2), ("waiting=all", 3), ("waiting=no", 1), ("state__exact=resolved", 1), ("category__exact=refused", 2),
     ("category__exact=bug", 0), ("target=lab", 2), ("target=nowhere", 0), ("q=noPort", 2)],
)  # fmt: skip
def test_it_lists_what_waits_and_filters(fall_out: Callable[[int], Sequence[str]], query: str, count: int) -> None:
    fall_out(3)
    Fallout.objects.filter(pk=Fallout.objects.order_by("pk")[0].pk).update(state="resolved")
    answer = operator("view_fallout").get(f"{ADMIN}/fallout/?{query}")
    assert answer.status_code == 200
    assert answer.context["cl"].result_count == count


def test_it_retries_one_with_a_reason(fall_out: Callable[[int], Sequence[str]]) -> None:
    [order_id] = fall_out(1)
    pk = Fallout.objects.get().pk
    olga = operator("view_fallout", "change_fallout")
    assert f"{ADMIN}/fallout/{pk}/retry/" in text(olga.get(f"{ADMIN}/fallout/{pk}/change/"))
    asked = olga.get(f"{ADMIN}/fallout/{pk}/retry/", follow=True)
    assert "no such port" in text(asked)
    done = olga.post(RETRY, {"ids": str(pk), "reason": "port added"}, follow=True)
    assert "1 retried." in text(done)
    fallout = Fallout.objects.get()
    assert (fallout.state, fallout.resolved_by, fallout.resolution) == ("resolved", "olga", "port added")
    told = JournalEntry.objects.get(entity="Fallout")
    assert (told.actor, told.reason) == ("olga", "retry: port added")
    work()
    assert state_of(order_id) == "completed"


def test_it_retries_many_and_tells_of_each_that_could_not_be(fall_out: Callable[[int], Sequence[str]]) -> None:
    placed = fall_out(3)
    pks = [*Fallout.objects.order_by("pk").values_list("pk", flat=True)]
    olga = operator("view_fallout", "change_fallout")
    asked = olga.post(f"{ADMIN}/fallout/", {"action": "retry_selected", "_selected_action": pks})
    assert f'value="{",".join(map(str, pks))}"' in text(asked)
    assert Fallout.objects.filter(state="open").count() == 3, "it asks for the reason first"
    Fallout.objects.filter(pk=pks[1]).update(state="cancelled")
    said = text(olga.post(RETRY, {"ids": ",".join(map(str, [*pks, 999_999])), "reason": "mended"}, follow=True))
    assert "2 retried." in said
    assert f"Fallout {pks[1]} was not retried: fallout {pks[1]} is cancelled" in said
    assert "Fallout 999999 was not retried: there is no fallout 999999" in said
    work()
    assert [state_of(order_id) for order_id in placed] == ["completed", "held", "completed"]


@pytest.mark.parametrize(
    "form",
    [
        {"reason": ""}, {"reason": "  "}, {"reason": "x" * 901}, {"ids": "", "reason": "x"},
        {"ids": "1;drop", "reason": "x"},
    ],
)  # fmt: skip
def test_it_retries_nothing_without_reason_or_choice(fall_out: Callable[[int], Sequence[str]], form: Json) -> None:
    fall_out(1)
    answer = operator("change_fallout").post(RETRY, {"ids": str(Fallout.objects.get().pk), **form})
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert Fallout.objects.get().state == "open"
    assert not JournalEntry.objects.filter(actor="olga").exists()


def test_it_lets_nobody_retry_who_may_only_look(fall_out: Callable[[int], Sequence[str]]) -> None:
    fall_out(1)
    pk = Fallout.objects.get().pk
    viewer = operator("view_fallout")
    assert "retry_selected" not in text(viewer.get(f"{ADMIN}/fallout/"))
    assert f"{pk}/retry/" not in text(viewer.get(f"{ADMIN}/fallout/{pk}/change/"))
    tries = [
        viewer.get(RETRY, {"ids": pk}), viewer.post(RETRY, {"ids": pk, "reason": "x"}),
        viewer.get(f"{ADMIN}/fallout/{pk}/retry/"), Client().post(RETRY, {"ids": pk, "reason": "x"}),
    ]  # fmt: skip
    assert [answer.status_code for answer in tries] == [403, 403, 403, 302]
    viewer.post(f"{ADMIN}/fallout/", {"action": "retry_selected", "_selected_action": [pk]})
    assert Fallout.objects.get().state == "open"
    assert operator(name="nobody").get(f"{ADMIN}/fallout/").status_code == 403


def test_it_retries_only_with_the_forms_own_token(fall_out: Callable[[int], Sequence[str]]) -> None:
    fall_out(1)
    olga = operator("change_fallout")
    forged = Client(enforce_csrf_checks=True)
    forged.cookies = olga.cookies
    assert forged.post(RETRY, {"ids": Fallout.objects.get().pk, "reason": "x"}).status_code == 403
    assert Fallout.objects.get().state == "open"


# -- manual tasks ---------------------------------------------------------------------------


@pytest.fixture
def survey(target: Target, bss: Client, ledger: Ledger) -> Step:
    """A task that waits for a person, and a step after it that needs what the person finds."""
    specification("Site")
    definition(
        "Site",
        {"key": "survey", "connector": "manual", "request": {"task": "Read the serial number"},
         "outputs": {"serial": "answer.serial"}, "characteristics": ["serial"]},
        {"key": "file", "target": "lab", "after": ["survey"], "request": {"serial": "${outputs.survey.serial}"}},
    )  # fmt: skip
    place(bss, item("1", "Site"))
    work()
    return Step.objects.get(key="survey")


def complete(client: Client, step: Step, outputs: str) -> Any:
    return client.post(f"{ADMIN}/manualtask/{step.pk}/complete/", {"outputs": outputs}, follow=True)


def test_it_completes_a_task_and_hands_its_outputs_on(survey: Step, ledger: Ledger) -> None:
    olga = operator("view_manualtask", "change_manualtask")
    assert "survey" in text(olga.get(f"{ADMIN}/manualtask/"))
    page = text(olga.get(f"{ADMIN}/manualtask/{survey.pk}/complete/"))
    assert "Read the serial number" in page
    assert "answer.serial" in page
    assert "survey is completed." in text(complete(olga, survey, '{"serial": "4711"}'))
    assert Answer.objects.get().body == {"outputs": {"serial": "4711"}, "completedBy": "olga"}
    told = JournalEntry.objects.get(entity="Step", reason="task completed")
    assert (told.actor, told.data, told.order_id) == ("olga", {"outputs": {"serial": "4711"}}, survey.order_id)
    work()
    assert ledger.requests() == [{"serial": "4711"}]
    assert state_of(survey.order_id) == "completed"
    assert Service.objects.get().body["serviceCharacteristic"] == [{"name": "serial", "value": "4711"}]
    assert olga.get(f"{ADMIN}/manualtask/").context["cl"].result_count == 0
    assert "4711" in text(olga.get(f"{ADMIN}/manualtask/{survey.pk}/change/"))


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        ("", "required"),
        ("{", "this is no JSON"),
        ("[1]", "Write a JSON object"),
        ('{"serial": NaN}', "NaN is no JSON number"),
        ('{"serial": "\\u0000"}', "U+0000"),
        ('{"serial": 1, "serial": 2}', "stands twice"),
        ("{}", "output &#x27;serial&#x27; cannot be made of this"),
        ('{"Serial": 1}', "there is no &#x27;serial&#x27;"),
    ],
)
def test_it_takes_only_outputs_that_can_be_used(survey: Step, outputs: str, told: str) -> None:
    assert told in text(complete(operator("change_manualtask"), survey, outputs))
    assert not Answer.objects.exists()
    assert not JournalEntry.objects.filter(actor="olga").exists()
    assert Step.objects.get(pk=survey.pk).state == "accepted"


def test_it_completes_a_task_once(survey: Step) -> None:
    task_complete(step_id=survey.pk, outputs={"serial": 1}, actor="olga")
    with pytest.raises(Conflict, match="just been completed"):
        task_complete(step_id=survey.pk, outputs={"serial": 2}, actor="otto")
    work()
    with pytest.raises(Conflict, match="the task is done"):
        task_complete(step_id=survey.pk, outputs={"serial": 2}, actor="otto")
    assert Answer.objects.count() == 1
    assert Step.objects.get(pk=survey.pk).outputs == {"serial": 1}


def test_it_completes_nothing_that_is_no_manual_task(survey: Step) -> None:
    for pk in (Step.objects.get(key="file").pk, 999_999):
        with pytest.raises(NotFound):
            task_complete(step_id=pk, outputs={}, actor="olga")
        answer = operator("change_manualtask", name=f"o{pk}").get(f"{ADMIN}/manualtask/{pk}/complete/")
        assert answer.status_code == 302


def test_it_lets_nobody_complete_who_may_only_look(survey: Step) -> None:
    viewer = operator("view_manualtask", "change_step", "change_fallout")
    assert "/complete/" not in text(viewer.get(f"{ADMIN}/manualtask/{survey.pk}/change/"))
    assert complete(viewer, survey, '{"serial": 1}').status_code == 403
    assert not Answer.objects.exists()


# -- plans and steps ------------------------------------------------------------------------


def test_it_shows_what_each_step_of_a_plan_waits_for(survey: Step, bss: Client) -> None:
    specification("Paused")
    Target.objects.create(name="away", connector="recorder", state="paused", reason="release")
    definition("Paused", {"key": "bill", "target": "away", "request": {}})
    place(bss, item("1", "Paused"))
    dispatch_due()
    decompose_due()
    viewer = operator("view_plan", "view_step", "view_fulfilmentitem")
    first, second = (text(viewer.get(f"{ADMIN}/plan/{plan.pk}/change/")) for plan in Plan.objects.order_by("pk"))
    assert "a person who does it" in first
    assert "Site survey (accepted)" in first
    assert "target away, which is paused" in second
    assert "0 of 2" in text(viewer.get(f"{ADMIN}/plan/"))
    Plan.objects.update(paused=True)
    assert "the order, which is on hold" in text(viewer.get(f"{ADMIN}/step/?state__exact=ready"))


@pytest.mark.parametrize(
    ("state", "more", "told"),
    [
        ("running", {"claim": "host-1-ab.7.cd"}, "the call that host-1-ab makes"),
        ("held", {}, "a person: it fell out"),
        ("ready", {"attempts": 2}, "so far 2 failed"),
        ("ready", {"due_at": Now()}, "a worker, since"),
        ("accepted", {"connector": "rest", "target": "lab"}, "the answer of lab, until"),
    ],
)
def test_it_tells_in_words_why_a_step_is_where_it_is(survey: Step, state: str, more: Json, told: str) -> None:
    Step.objects.filter(pk=survey.pk).update(state=state, started_at=Now(), **{"attempts": 0, **more})
    assert told in text(operator("view_step").get(f"{ADMIN}/step/{survey.pk}/change/"))


def test_it_filters_steps_and_shows_one_with_attempts_and_answers(survey: Step) -> None:
    viewer = operator("view_step", "view_attempt", "view_answer")
    for query, count in (
        ("state__exact=accepted", 1), ("target=lab", 1), ("connector=manual", 1), (f"q={survey.order_id}", 2),
    ):  # fmt: skip
        assert viewer.get(f"{ADMIN}/step/?{query}").context["cl"].result_count == count
    task_complete(step_id=survey.pk, outputs={"serial": "4711"}, actor="olga")
    page = text(viewer.get(f"{ADMIN}/step/{survey.pk}/change/"))
    for told in ("4711", "completedBy", "apply", survey.operation_key):
        assert told in page


# -- what is set up -------------------------------------------------------------------------

TARGET = {
    "name": "ems", "connector": "recorder", "base_url": "https://ems.example/api", "credentials": "env:EMS_TOKEN",
    "headers": '{"X-Tenant": "blue"}', "state": "open", "reason": "", "delivery": "queryable", "concurrency": "8",
}  # fmt: skip


def test_it_lets_operators_set_up_pause_and_remove_a_target(survey: Step) -> None:
    olga = operator("view_target", "add_target", "change_target", "delete_target")
    assert "never the token itself" in text(olga.get(f"{ADMIN}/target/add/"))
    assert olga.post(f"{ADMIN}/target/add/", TARGET).status_code == 302
    made = Target.objects.get(name="ems")
    assert (made.headers, made.delivery, made.concurrency) == ({"X-Tenant": "blue"}, "queryable", 8)
    assert (
        olga.post(f"{ADMIN}/target/ems/change/", {**TARGET, "state": "paused", "reason": "release"}).status_code == 302
    )
    told = JournalEntry.objects.filter(entity="Target", entity_id="ems").order_by("id")
    assert [(e.before, e.after, e.actor) for e in told] == [("", "open", "olga"), ("open", "paused", "olga")]
    assert told[1].reason == "release"
    assert olga.post(f"{ADMIN}/target/ems/delete/", {"post": "yes"}).status_code == 302
    assert not Target.objects.filter(name="ems").exists()
    assert olga.post(f"{ADMIN}/target/lab/delete/", {"post": "yes"}).status_code == 403, "a step is to be done there"
    assert Target.objects.filter(name="lab").exists()


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("credentials", "s3cret", "env:NAME or file:/path"),
        ("credentials", "env:", "env:NAME or file:/path"),
        ("credentials", "file:relative", "env:NAME or file:/path"),
        ("headers", "[1]", "JSON object of texts"),
        ("headers", '{"X": 1}', "JSON object of texts"),
        ("headers", '{"X": "a\\r\\nY: b"}', "JSON object of texts"),
        ("headers", "{", "valid JSON"),
        ("state", "paused", "Say why it is paused"),
        ("connector", "telepathy", "valid choice"),
        ("base_url", "not a url", "valid URL"),
        ("is_default", "on", "one_default"),
    ],
)
def test_it_says_what_is_wrong_with_a_target(target: Target, field: str, value: str, told: str) -> None:
    page = text(operator("add_target", "view_target").post(f"{ADMIN}/target/add/", {**TARGET, field: value}))
    assert told in page
    assert Target.objects.count() == 1


def test_it_shows_definitions_as_they_are(target: Target) -> None:
    definition("Line", {"key": "a", "target": "lab", "request": {"text": "<b>bold</b>"}})
    viewer = operator("view_definition")
    assert "Line" in text(viewer.get(f"{ADMIN}/definition/"))
    page = text(viewer.get(f"{ADMIN}/definition/{Definition.objects.get().pk}/change/"))
    assert "&quot;specification&quot;: &quot;Line&quot;" in page
    assert "&lt;b&gt;bold" in page


@pytest.mark.parametrize("where", ["definition", "plan", "step", "fallout", "manualtask"])
def test_it_lets_nobody_write_the_engines_tables_by_hand(survey: Step, where: str) -> None:
    Fallout.objects.create(plan_id=survey.plan_id, order_id=survey.order_id, category="bug", code="x", message="m")
    root = operator(everything=True)
    models: dict[str, Any] = {"definition": Definition, "plan": Plan, "fallout": Fallout}
    model = models.get(where, Step)
    row = survey if model is Step else model.objects.get()
    before = model.objects.values().get(pk=row.pk)
    tries = [
        root.get(f"{ADMIN}/{where}/add/"), root.post(f"{ADMIN}/{where}/add/", {}),
        root.post(f"{ADMIN}/{where}/{row.pk}/change/", {"state": "done", "_save": "1"}),
        root.post(f"{ADMIN}/{where}/{row.pk}/delete/", {"post": "yes"}),
    ]  # fmt: skip
    assert [answer.status_code for answer in tries] == [403] * 4
    root.post(f"{ADMIN}/{where}/", {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert model.objects.values().get(pk=row.pk) == before


# -- the whole ------------------------------------------------------------------------------


def test_it_shows_in_the_menu_what_an_operator_may_see(survey: Step) -> None:
    page = text(operator("view_fallout", "view_target").get("/admin/"))
    assert f'href="{ADMIN}/fallout/"' in page
    assert f'href="{ADMIN}/target/"' in page
    assert f'href="{ADMIN}/step/"' not in page
    assert "OpenSOM" in page


def more_rows(count: int) -> None:
    """Copies of what there is, so that lists grow."""
    step, plan, task = Step.objects.get(key="file"), Plan.objects.order_by("pk")[0], Step.objects.get(key="survey")
    for number in range(count):
        made = Plan.objects.create(order_id=plan.order_id, generation=1 + Plan.objects.count(), state="active")
        node = FulfilmentItem.objects.create(
            plan=made, order_item_id=step.item.order_item_id, position=1, specification_name="Site", action="add"
        )
        for original in (task, step):
            copied = Step.objects.get(pk=original.pk)
            copied.pk, copied.plan, copied.item, copied.key = None, made, node, f"{original.key}{number}"
            copied.save(force_insert=True)
        copied.links_in.create(predecessor=Step.objects.filter(plan=made).order_by("pk")[0])
        Fallout.objects.create(plan=made, step=copied, order_id=plan.order_id, category="bug", code="x", message="m")
        Target.objects.create(name=f"t{Target.objects.count()}", connector="recorder")
        Definition.objects.create(specification=f"S{made.pk}", action="add", document={"steps": []}, digest="")


LISTS = ["fallout", "manualtask", "plan", "step", "target", "definition", "plan/{plan}/change"]


@pytest.mark.parametrize("where", LISTS)
def test_it_asks_the_database_as_often_for_many_rows_as_for_few(survey: Step, where: str) -> None:
    olga = operator(everything=True)
    counted = []
    for count in (2, 10):
        more_rows(count)
        plan = Plan.objects.order_by("pk")[0]
        if where.endswith("change"):
            Step.objects.exclude(plan=plan).update(plan=plan)
            FulfilmentItem.objects.exclude(plan=plan).update(plan=plan)
        with CaptureQueriesContext(connection) as queries:
            text(olga.get(f"{ADMIN}/{where.format(plan=plan.pk)}/"))
        counted.append(len(queries))
    assert counted[0] == counted[1], json.dumps([q["sql"][:200] for q in queries], indent=1)
