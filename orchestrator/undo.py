"""What takes back the work of a plan: for each step that was done, or may have been, a step that undoes it.

They run in reverse: whoever waited for a step is taken back before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inventory.models import Service
from inventory.selectors import services_of_anyone
from orchestrator.calls import NO_OUTPUTS
from orchestrator.models import Fallout, FulfilmentItem, Step, StepLink
from orchestrator.requests import Rendered, rendered
from tmf.inserts import insert_objects

Json = dict[str, Any]
FIELDS = (
    "plan", "item", "order_id", "key", "connector", "target", "spec", "request", "mode", "state", "waiting_on",
    "timeout",
)  # fmt: skip
KEPT = ("retry", "answerWithin")


def may_have_acted(step: Step) -> bool:
    """Whether there is something to take back: the target did it, or nobody can rule out that it did."""
    if step.state == Step.State.DONE or step.in_doubt:
        return True
    error: Json = step.error or {}
    if step.correlation:
        return error.get("category") != Fallout.Category.REFUSED  # accepted; unless the target said that it failed
    return error.get("code") == NO_OUTPUTS


def undo_steps_insert(steps: Sequence[Step]) -> list[Step]:
    """Inserts what takes these steps of one plan back, linked in reverse; those that wait for nobody are ready."""
    links = StepLink.objects.filter(predecessor__in=steps, successor__in=steps)
    reverse = [*links.order_by("pk").values_list("successor_id", "predecessor_id")]
    waits: dict[int, int] = {}
    for _, later in reverse:
        waits[later] = waits.get(later, 0) + 1
    requests = _requests(steps)
    undoing = {step.pk: _undoing(step, requests[step.pk], waits.get(step.pk, 0)) for step in steps}
    insert_objects([*undoing.values()], fields=FIELDS)
    insert_objects(
        [StepLink(predecessor_id=undoing[one].pk, successor_id=undoing[two].pk) for one, two in reverse],
        fields=("predecessor", "successor"),
    )
    return [*undoing.values()]


def _undoing(step: Step, request: Rendered, waits: int) -> Step:
    """A step without `undo` is taken back by nobody, and yet keeps the others in order."""
    undo: Json | None = step.spec.get("undo")
    spec = {name: step.spec[name] for name in KEPT if name in step.spec}
    return Step(
        plan_id=step.plan_id,
        item_id=step.item_id,
        order_id=step.order_id,
        key=f"undo:{step.key}",
        connector="" if undo is None else undo.get("connector", step.connector),
        target="" if undo is None else undo.get("target", step.target),
        spec={**spec, "fault": request.fault} if request.fault else spec,
        request=request.request,
        mode=Step.Mode.UNDO,
        state=Step.State.WAITING if waits else Step.State.READY,
        waiting_on=waits,
        timeout=step.timeout,
    )


@dataclass(frozen=True, slots=True)
class _Template:
    """A request that is still to be rendered, as `requests.rendered` wants it."""

    id: int
    item_id: int
    spec: Json
    request: Any


def _requests(steps: Sequence[Step]) -> dict[int, Rendered]:
    """What each undo asks for: the step's own request, with what takes it back under `undo`."""
    done = rendered([step for step in steps if step.deferred])
    templates = [_Template(s.pk, s.item_id, s.spec, s.spec["undo"]["template"]) for s in steps if _template(s)]
    late = rendered(templates)
    services = _services(steps)
    made: dict[int, Rendered] = {}
    for step in steps:
        own = done[step.pk].request if step.deferred else step.request
        undo = late.get(step.pk) or Rendered(_undo(step, own, services))
        asked = own if undo.request is None else {**(own if isinstance(own, dict) else {}), "undo": undo.request}
        made[step.pk] = Rendered(asked, undo.fault and f"what takes it back cannot be made: {undo.fault}")
    return made


def _template(step: Step) -> bool:
    return "template" in (step.spec.get("undo") or {})


def _undo(step: Step, own: Any, services: Mapping[str, Service]) -> Json | None:
    """The request that takes it back; None when that is left to the connector."""
    undo = step.spec.get("undo")
    if undo is None or "request" in undo:
        return undo and undo["request"]
    service = services.get(step.item.service_id)
    return _as_before(own, service) if service and isinstance(own, dict) else None


def _as_before(own: Json, service: Service) -> Json | None:
    """What makes a service again what the inventory still says of it, whose change or removal has not come there."""
    match own.get("method"):
        case "PATCH":
            return {"method": "PATCH", "id": service.pk, "service": _former(own.get("service") or {}, service)}
        case "DELETE":
            return {"method": "POST", "service": {**service.body, "id": service.pk, "state": service.state}}
        case _:
            return None


def _former(change: Json, service: Service) -> Json:
    """The attributes that the change names, as they were. What was not there cannot be named."""
    before = {**service.body, "name": service.name, "state": service.state}
    changed = {c.get("name") for c in change.get("serviceCharacteristic") or ()}
    former = {name: before[name] for name in change if name in before}
    if changed:
        listed = service.body.get("serviceCharacteristic") or ()
        former["serviceCharacteristic"] = [each for each in listed if each.get("name") in changed]
    return former


def _services(steps: Sequence[Step]) -> Mapping[str, Service]:
    """The services that steps without definition have changed or removed at their targets."""
    items = {step.item_id for step in steps if step.spec.get("undo") == {}}
    changing = FulfilmentItem.objects.filter(pk__in=items).exclude(action="add")
    found: Mapping[str, Service] = services_of_anyone(changing.values_list("service_id", flat=True))
    return found
