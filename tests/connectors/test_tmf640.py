"""The TMF640 connector: the contract, and what is particular to services and monitors."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.connectors.base import Absent, Accepted, Done, OutcomeUnknown, Permanent, System, Transient
from tests.connectors.contract import TOKEN, HttpContract, Json
from tests.simulator import Simulator
from tests.tmf.peer import answering, peer


class TestTmf640(HttpContract):
    name = "tmf640"

    def request(self, **extra: Any) -> Json:
        characteristics = [{"name": "vlan", "value": 7}, {"name": "on", "value": False}]
        service = {"id": f"svc-{uuid.uuid4()}", "state": "active", "serviceCharacteristic": characteristics}
        return {"method": "POST", "service": service, **extra}

    def system(self, simulator: Simulator) -> System:
        return System("a-target", simulator.tmf640, token=TOKEN)

    def test_it_tells_id_state_and_characteristics(self, simulator: Simulator) -> None:
        task = self.task(simulator)
        done = self.connector.apply(task)
        assert isinstance(done, Done)
        identifier = task.request["service"]["id"]
        assert done.outputs == {
            "id": identifier,
            "href": f"{simulator.tmf640}/service/{identifier}",
            "state": "active",
            "characteristics": {"vlan": 7, "on": False},
        }

    def test_it_changes_and_removes_what_it_made(self, simulator: Simulator) -> None:
        task = self.task(simulator)
        self.connector.apply(task)
        identifier = task.request["service"]["id"]
        service = {"id": identifier, "serviceCharacteristic": [{"name": "vlan", "value": 8}]}
        change = {"method": "PATCH", "id": identifier, "service": service}
        changed = self.connector.apply(replace(task, operation_key="k2", request=change))
        assert isinstance(changed, Done)
        assert changed.outputs["characteristics"] == {"vlan": 8, "on": False}
        removal = {"method": "DELETE", "id": identifier}
        assert self.connector.apply(replace(task, operation_key="k3", request=removal)) == Done()
        assert simulator.get("/tmf-api/ServiceActivation/v4/service") == []

    def test_removing_what_is_gone_is_done(self, simulator: Simulator) -> None:
        assert self.connector.apply(self.task(simulator, method="DELETE", id="nobody")) == Done()

    def test_changing_what_is_not_there_is_permanent(self, simulator: Simulator) -> None:
        with pytest.raises(Permanent) as permanent:
            self.connector.apply(self.task(simulator, method="PATCH", id="nobody"))
        assert permanent.value.code == "http404"

    def test_an_id_is_no_way_to_another_path(self, simulator: Simulator) -> None:
        task = self.task(simulator, method="DELETE", id="../../../ledger?key=1#")
        assert self.connector.apply(task) == Done()
        (operation,) = simulator.ledger()
        assert operation["path"] == "/tmf-api/ServiceActivation/v4/service/../../../ledger?key=1#"

    def test_a_service_that_another_operation_made_is_a_conflict(self, simulator: Simulator) -> None:
        task = self.task(simulator)
        self.connector.apply(task)
        with pytest.raises(Permanent) as permanent:
            self.connector.apply(replace(task, operation_key="another"))
        assert permanent.value.code == "http409"

    def test_a_conflict_with_what_a_lost_attempt_made_is_done(self, simulator: Simulator) -> None:
        task = self.task(simulator)
        first = self.connector.apply(task)
        forced = replace(task, system=replace(task.system, headers={"X-Simulate": "status=409"}))
        assert self.connector.apply(forced) == first

    def test_a_conflict_that_will_pass_is_transient(self, simulator: Simulator) -> None:
        with pytest.raises(Transient):
            self.connector.apply(self.forced(simulator, "status=409;retryAfter=1"))

    def test_a_look_up_does_not_take_a_strangers_service(self, simulator: Simulator) -> None:
        strangers = b'[{"id": "x", "state": "active"}, {"id": "y", "externalId": "other"}]'
        with peer(answering(strangers)) as target:
            task = replace(self.task(simulator), system=System("a-target", target.url("")))
            assert self.connector.look_up(task) == Absent()

    def test_a_look_up_can_be_told_where_to_ask(self, simulator: Simulator) -> None:
        task = self.forced(simulator, "drop-after-apply", lookUp="/operations/{key}")
        assert self.connector.look_up(task) == Absent()
        with pytest.raises(OutcomeUnknown):
            self.connector.apply(task)
        found = self.connector.look_up(task)
        assert isinstance(found, Done)
        assert found.outputs["id"] == task.request["service"]["id"]
        assert "externalId" not in simulator.ledger()[0]["body"]

    def test_a_lost_change_is_found_by_its_effect(self, simulator: Simulator) -> None:
        task = self.task(simulator)
        self.connector.apply(task)
        identifier = task.request["service"]["id"]
        service = {"state": "inactive", "serviceCharacteristic": [{"name": "vlan", "value": 9}]}
        change = replace(task, operation_key="k2", request={"method": "PATCH", "id": identifier, "service": service})
        assert self.connector.look_up(change) == Absent()
        self.connector.apply(change)
        assert isinstance(self.connector.look_up(change), Done)

    def test_a_lost_removal_is_found_by_its_effect(self, simulator: Simulator) -> None:
        task = self.task(simulator)
        self.connector.apply(task)
        request = {"method": "DELETE", "id": task.request["service"]["id"]}
        removal = replace(task, operation_key="k2", request=request)
        assert self.connector.look_up(removal) == Absent()
        self.connector.apply(removal)
        assert self.connector.look_up(removal) == Done()

    @pytest.mark.parametrize(
        "location", ["http://other.example/monitor/9", "//other.example/monitor/9", "/elsewhere/9"]
    )
    def test_the_token_does_not_follow_a_monitor_to_another_system(self, simulator: Simulator, location: str) -> None:
        monitor = b'{"id": "9", "state": "InProgress", "sourceHref": "x"}'
        with peer(answering(monitor, f"Location: {location}", "Retry-After: 3", status="202 Accepted")) as target:
            task = replace(self.task(simulator), system=System("a-target", target.url("/api"), token=TOKEN))
            assert self.connector.apply(task) == Accepted("/monitor/9", 3.0)

    def test_work_accepted_without_a_monitor_is_asked_for_by_its_key(self, simulator: Simulator) -> None:
        with peer(answering(b"", status="202 Accepted")) as target:
            task = replace(self.task(simulator), system=System("a-target", target.url("")))
            accepted = self.connector.apply(task)
        assert isinstance(accepted, Accepted)
        assert accepted.correlation == task.operation_key
        done = self.connector.apply(self.task(simulator))
        assert isinstance(done, Done)
        waiting = replace(self.task(simulator), correlation=task.operation_key, operation_key=task.operation_key)
        assert self.connector.look_up(waiting) == Absent()

    def test_it_reads_a_service_from_an_event(self, simulator: Simulator) -> None:
        event = {"eventType": "ServiceStateChangeEvent", "event": {"service": {"id": "1", "state": "active"}}}
        answer = self.connector.read_answer(self.task(simulator), event)
        assert answer == Done({"id": "1", "state": "active", "characteristics": {}})

    def test_an_error_as_an_answer_is_permanent_with_its_reason(self, simulator: Simulator) -> None:
        with pytest.raises(Permanent, match="no capacity"):
            self.connector.read_answer(self.task(simulator), {"code": "9", "reason": "no capacity"})
