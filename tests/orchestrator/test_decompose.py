"""From order items to fulfilment items: trees for add, modify, delete; and every reason to refuse."""

from typing import Any

import pytest

from orchestrator.facts import Decomposition, Json, ServiceFacts, characteristics
from tests.orchestrator.facts import decomposed, ordered, refused, service, spec

SPEED = {"valueType": "integer"}


def tree(found: Decomposition) -> list[tuple[str, str, int | None]]:
    """(action, specification, index of the parent) of every node."""
    assert found.refusals == ()
    return [(node.action, node.spec.name, node.parent) for node in found.nodes]


def values(found: Decomposition) -> list[Json]:
    return [characteristics(node.service) for node in found.nodes]


# -- add ------------------------------------------------------------------------------------


def test_it_adds_every_part_of_every_part() -> None:
    specs = [spec("CFS", "A", "B"), spec("A", "C"), spec("B"), spec("C")]
    found = decomposed(ordered("add", "CFS"), specs=specs)
    assert tree(found) == [("add", "CFS", None), ("add", "A", 0), ("add", "C", 1), ("add", "B", 0)]
    assert [node.service_id for node in found.nodes] == ["new1", "new2", "new3", "new4"]
    parts = [[part["id"] for part in node.service.get("supportingService", ())] for node in found.nodes]
    assert parts == [["new2", "new4"], ["new3"], [], []]


def test_it_makes_a_part_twice_where_two_are_made_of_it() -> None:
    specs = [spec("CFS", "A", "B"), spec("A", "C"), spec("B", "C"), spec("C")]
    assert [name for _, name, _ in tree(decomposed(ordered("add", "CFS"), specs=specs))] == ["CFS", "A", "C", "B", "C"]


def test_it_lets_characteristics_of_the_same_name_flow_down_and_fills_in_defaults() -> None:
    ten = {"characteristicValueSpecification": [{"value": 10, "isDefault": True}]}
    five = {"characteristicValueSpecification": [{"value": 5, "isDefault": True}, {"value": 10}, {"value": 99}]}
    specs = [spec("CFS", "A", speed=five, mail={}), spec("A", "B", speed=five, ports=ten), spec("B", mail={}, speed={})]
    found = decomposed(ordered("add", "CFS", values={"speed": 99, "mail": "x"}), specs=specs)
    assert values(found) == [{"speed": 99, "mail": "x"}, {"speed": 99, "ports": 10}, {"speed": 99}]
    assert values(decomposed(ordered("add", "CFS"), specs=specs))[0] == {"speed": 5}


def test_it_keeps_what_the_client_said_of_the_service_and_of_its_characteristics() -> None:
    given = {
        "name": "my line", "category": "mine", "description": "d", "place": [{"id": "p", "role": "site"}], "x-own": 1,
        "serviceCharacteristic": [{"name": "speed", "value": 1, "valueType": "integer", "@type": "T"}], "href": "h",
    }  # fmt: skip
    found = decomposed(ordered("add", "CFS", service=given), specs=[spec("CFS", speed=SPEED)])
    assert found.nodes[0].service == {
        "name": "my line", "category": "mine", "description": "d", "place": [{"id": "p", "role": "site"}], "x-own": 1,
        "serviceCharacteristic": [{"name": "speed", "value": 1, "valueType": "integer", "@type": "T"}],
        "serviceSpecification": {"id": "CFS", "name": "CFS", "version": "1.0"},
    }  # fmt: skip


def test_it_hands_parties_places_and_the_wanted_state_down_and_nothing_else() -> None:
    given = {
        "state": "inactive", "relatedParty": [{"id": "x", "@referredType": "Party"}], "name": "n", "description": "d",
        "place": [{"id": "p", "role": "site"}],
    }  # fmt: skip
    specs = [
        spec("CFS", "A", kind="CustomerFacingServiceSpecification"),
        spec("A", "B"),
        spec("B", kind="ResourceFacingServiceSpecification"),
    ]
    whole, middle, part = (node.service for node in decomposed(ordered("add", "CFS", service=given), specs=specs).nodes)
    for document in (whole, middle, part):
        assert {n: document[n] for n in ("state", "relatedParty", "place")} == {
            n: given[n] for n in ("state", "relatedParty", "place")
        }
    assert (middle["name"], part["name"]) == ("A", "B")
    assert "description" not in part
    assert [document.get("category") for document in (whole, middle, part)] == ["CFS", None, "RFS"]


def test_it_keeps_the_clients_id_of_a_new_service() -> None:
    assert decomposed(ordered("add", "A", service={"id": "mine"}), specs=[spec("A")]).nodes[0].service_id == "mine"


def test_it_lets_a_nested_item_stand_for_the_part_of_its_specification() -> None:
    specs = [spec("CFS", "A", "B"), spec("A"), spec("B")]
    wanted = ordered("add", "CFS"), ordered("add", "A", parent=1, service={"name": "special"})
    found = decomposed(*wanted, specs=specs)
    assert tree(found) == [("add", "CFS", None), ("add", "B", 0), ("add", "A", None)]
    assert found.nodes[0].after == [2]
    assert [part["id"] for part in found.nodes[0].service["supportingService"]] == [
        found.nodes[1].service_id, found.nodes[2].service_id,
    ]  # fmt: skip


def test_it_puts_a_nested_item_of_another_specification_beside_the_parts() -> None:
    specs = [spec("CFS", "A"), spec("A"), spec("X")]
    found = decomposed(ordered("add", "CFS"), ordered("add", "X", parent=1), specs=specs)
    assert tree(found) == [("add", "CFS", None), ("add", "A", 0), ("add", "X", None)]


# -- modify, delete, noChange ---------------------------------------------------------------

CATALOGUE = [
    spec("CFS", "Access", "Mail", speed=SPEED, boxes={}, colour={}),
    spec("Access", "Port", speed=SPEED, colour={}),
    spec("Port", speed=SPEED),
    spec("Mail", boxes={}),
]
INVENTORY = [
    service("cfs", "CFS", "acc", "mail", "gone", speed=100, boxes=5, colour="red"),
    service("acc", "Access", "port", speed=100),
    service("port", "Port", speed=100),
    service("mail", "Mail", boxes=5),
    service("gone", "Mail", state="terminated"),
]


def changed(*wanted: Json, services: Any = INVENTORY) -> Decomposition:
    return decomposed(*wanted, specs=CATALOGUE, services=services)


@pytest.mark.parametrize(
    ("wanted", "touched"),
    [
        ({"speed": 200}, ["cfs", "acc", "port"]),
        ({"speed": 100}, ["cfs"]),
        ({"colour": "blue"}, ["cfs", "acc"]),
        ({"boxes": 6}, ["cfs", "mail"]),
        ({"boxes": 6, "speed": 1}, ["cfs", "acc", "port", "mail"]),
        ({"boxes": True}, ["cfs", "mail"]),
        ({}, ["cfs"]),
    ],
)
def test_it_modifies_what_a_change_touches(wanted: Json, touched: list[str]) -> None:
    found = changed(ordered("modify", "cfs", values=wanted))
    assert {node.action for node in found.nodes} == {"modify"}
    assert [node.service_id for node in found.nodes] == touched
    assert all(set(given) <= {*wanted} for given in values(found))


def test_it_sees_that_true_is_not_one() -> None:
    found = changed(ordered("modify", "cfs", values={"boxes": 1}), services=[
        service("cfs", "CFS", "mail", boxes=True), service("mail", "Mail", boxes=True)])  # fmt: skip
    assert [node.service_id for node in found.nodes] == ["cfs", "mail"]


def test_it_finds_a_service_by_the_end_of_its_href() -> None:
    item = ordered("modify", "", service={"href": "http://x/service/cfs/"})
    assert changed(item).nodes[0].service_id == "cfs"
    assert "href" not in changed(item).nodes[0].service


def test_it_leaves_a_part_that_was_ordered_apart_or_made_by_nobody_we_know() -> None:
    unknown = ServiceFacts("lent", "active", {"serviceSpecification": {"id": "Lent"}})
    services = [
        service("a", "A", "own", "apart", "lent"),
        service("own", "B"),
        service("apart", "C", made_by="2"),
        unknown,
    ]
    assert [n.service_id for n in changed(ordered("delete", "a"), services=services).nodes] == ["a", "own"]


def test_it_deletes_the_whole_with_its_living_parts() -> None:
    found = changed(ordered("delete", "cfs"))
    assert tree(found) == [
        ("delete", "CFS", None),
        ("delete", "Access", 0),
        ("delete", "Port", 1),
        ("delete", "Mail", 0),
    ]


def test_it_leaves_a_part_to_the_item_that_names_it() -> None:
    found = changed(ordered("delete", "cfs"), ordered("delete", "acc", parent=1), ordered("noChange", "mail"))
    assert [(n.action, n.service_id, n.parent) for n in found.nodes] == [
        ("delete", "cfs", None), ("delete", "acc", None), ("delete", "port", 1), ("noChange", "mail", None),
    ]  # fmt: skip
    assert found.nodes[1].after == [0], "nested, it is taken away after the whole"


def test_it_does_not_lose_itself_among_services_that_support_each_other() -> None:
    services = [service("a", "Access", "b"), service("b", "Access", "a", "b")]
    assert [n.service_id for n in changed(ordered("delete", "a"), services=services).nodes] == ["a", "b"]


def test_it_takes_a_part_that_is_named_twice_once() -> None:
    assert (
        len(
            changed(ordered("delete", "acc"), services=[service("acc", "Access", "p", "p"), service("p", "Port")]).nodes
        )
        == 2
    )


def test_it_changes_a_service_whose_specification_is_no_longer_held() -> None:
    found = changed(ordered("modify", "x", values={"any": 1}), services=[service("x", "Forgotten", any=0)])
    assert tree(found) == [("modify", "Forgotten", None)]


def test_it_shows_what_does_not_change_and_nothing_of_it() -> None:
    found = changed(ordered("noChange", "cfs", values={"speed": "nonsense"}))
    assert [(node.action, node.service) for node in found.nodes] == [("noChange", {})]
    assert changed(ordered("noChange", "gone")).refusals == ()


# -- what comes first -----------------------------------------------------------------------


def test_it_puts_an_item_after_those_it_relates_to() -> None:
    found = decomposed(
        ordered("add", "A", after=["3", "2"]), ordered("add", "A"), ordered("add", "A"), specs=[spec("A")]
    )
    assert [node.after for node in found.nodes] == [[2, 1], [], []]


@pytest.mark.parametrize(
    ("outer", "inner", "first"),
    [("modify", "modify", "inner"), ("delete", "delete", "outer"), ("noChange", "delete", "outer")],
)
def test_it_puts_nested_items_first_save_what_is_taken_away(outer: str, inner: str, first: str) -> None:
    found = changed(ordered(outer, "cfs"), ordered(inner, "acc", parent=1))
    roots = {node.service_id: (index, node.after) for index, node in enumerate(found.nodes) if node.parent is None}
    (whole, whole_after), (part, part_after) = roots["cfs"], roots["acc"]
    assert (whole_after, part_after) == (([part], []) if first == "inner" else ([], [whole]))


# -- refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "code", "attribute", "told"),
    [
        (ordered("add", "Nix"), "specificationNotFound", "serviceSpecification.id", "'Nix'"),
        (
            ordered("add", service={"serviceSpecification": None}),
            "specificationMissing",
            "serviceSpecification",
            "needs",
        ),
        (
            ordered("add", service={"serviceSpecification": {"name": "N", "version": "2"}}),
            "specificationNotFound",
            "serviceSpecification.id",
            "'N 2'",
        ),
        (
            ordered("add", "Draft"),
            "specificationNotOrderable",
            "serviceSpecification",
            "In Design; only Active or Launched",
        ),
        (ordered("add", "Bare"), "specificationNotOrderable", "serviceSpecification", "without lifecycle status"),
        (ordered("add", "A", service={"id": "cfs"}), "serviceExists", "id", "cfs exists already"),
        (ordered("add", "A", service={"id": "theirs"}), "serviceExists", "id", "theirs exists already"),
        (ordered("add", "A", service={"state": "terminated"}), "illegalState", "state", "terminated"),
        (
            ordered("add", "A", values={"nope": 1}),
            "invalidCharacteristic",
            "serviceCharacteristic[nope]",
            "no characteristic of this name",
        ),
        (
            ordered("add", "A", values={"speed": "fast"}),
            "invalidCharacteristic",
            "serviceCharacteristic[speed]",
            "'speed' of 'A': must be of type integer",
        ),
        (ordered("add", "Must"), "characteristicMissing", "serviceCharacteristic[name]", "is mandatory"),
        (ordered("add", "Round"), "specificationCycle", "serviceSpecification", "made of itself"),
        (ordered("add", "Self"), "specificationCycle", "serviceSpecification", "'Self' is made of itself"),
        (
            ordered("add", "Broken"),
            "specificationNotFound",
            "serviceSpecification",
            "'Broken' is made of specification Lost",
        ),
        (
            ordered("add", "Whole"),
            "invalidCharacteristic",
            "serviceCharacteristic[name]",
            "'name' of 'Must': is mandatory",
        ),
        (ordered("modify", "nobody"), "serviceNotFound", "id", "no service 'nobody'"),
        (ordered("delete", "nobody"), "serviceNotFound", "id", "no service 'nobody'"),
        (ordered("noChange", "nobody"), "serviceNotFound", "id", "no service 'nobody'"),
        (
            ordered("delete", "cfs", service={"serviceSpecification": {"id": "A"}}),
            "specificationMismatch",
            "serviceSpecification.id",
            "is of specification 'CFS', not 'A'",
        ),
        (ordered("modify", "gone"), "illegalState", "state", "terminated"),
        (ordered("delete", "gone"), "illegalState", "state", "terminated"),
        (ordered("modify", "cfs", service={"state": "designed"}), "illegalState", "state", "designed"),
        (
            ordered("modify", "cfs", values={"speed": "x"}),
            "invalidCharacteristic",
            "serviceCharacteristic[speed]",
            "of 'CFS'",
        ),
        (
            ordered("modify", "half", values={"speed": 2}),
            "illegalState",
            "state",
            "its part rest would have to change too",
        ),
        (
            ordered("modify", "tight", values={"speed": 2000}),
            "invalidCharacteristic",
            "serviceCharacteristic[speed]",
            "of 'Tight': must be 1 to 1000",
        ),
        (
            ordered(
                "add",
                "A",
                service={"serviceCharacteristic": [{"name": "speed", "value": 1}, {"name": "speed", "value": 2}]},
            ),
            "invalidCharacteristic",
            "serviceCharacteristic[speed]",
            "stands twice",
        ),
    ],
)
def test_it_refuses_saying_where_and_why(item: Json, code: str, attribute: str, told: str) -> None:
    specs = [
        *CATALOGUE, spec("A", speed=SPEED), spec("Draft", status="In Design"), spec("Bare", status=""),
        spec("Must", name={"minCardinality": 1}), spec("Whole", "Must"), spec("Self", "Self"),
        spec("Round", "Trip"), spec("Trip", "Round"), spec("Broken", "Lost"),
        spec("Tight", speed={"characteristicValueSpecification": [{"valueFrom": 1, "valueTo": 1000}]}),
    ]  # fmt: skip
    services = [
        *INVENTORY, service("half", "CFS", "rest", speed=1), service("rest", "Access", state="reserved", speed=1),
        service("tight", "CFS", "narrow", speed=1), service("narrow", "Tight", speed=1),
    ]  # fmt: skip
    [refusal] = refused(item, specs=specs, services=services, taken=frozenset({"cfs", "theirs"}))
    assert (refusal.item, refusal.code) == (1, code)
    assert refusal.path == f"serviceOrderItem[0].service.{attribute}"
    assert told in refusal.message


def test_it_refuses_two_items_that_change_one_service() -> None:
    found = refused(ordered("modify", "cfs"), ordered("delete", "cfs"), specs=CATALOGUE, services=INVENTORY)
    assert [(r.item, r.code, r.path) for r in found] == [
        (1, "serviceNamedTwice", "serviceOrderItem[0].service.id"),
        (2, "serviceNamedTwice", "serviceOrderItem[1].service.id"),
    ]
    added = ordered("add", "Mail", service={"id": "x"})
    assert {r.code for r in refused(added, added, specs=CATALOGUE)} == {"serviceNamedTwice"}


def test_it_tells_every_fault_of_every_item() -> None:
    found = refused(ordered("add", "Nix"), ordered("add", "Mail"), ordered("modify", "nobody"), specs=CATALOGUE)
    assert [(r.item, r.code) for r in found] == [(1, "specificationNotFound"), (3, "serviceNotFound")]


def test_it_tells_a_fault_once_however_often_it_meets_it() -> None:
    specs = [spec("CFS", "A", "B"), spec("A", "C"), spec("B", "C"), spec("C", "Lost")]
    assert len(refused(ordered("add", "CFS"), specs=specs)) == 1


@pytest.mark.parametrize(("limits", "told"), [({"max_depth": 3}, "depth"), ({"max_nodes": 3}, "size")])
def test_it_refuses_what_is_too_deep_or_too_large(limits: dict[str, int], told: str) -> None:
    chain = [spec("A", "B"), spec("B", "C"), spec("C", "D"), spec("D")]
    [refusal] = refused(ordered("add", "A"), specs=chain, **limits)
    assert (refusal.code, told in refusal.message) == ("tooLarge", True)
    assert decomposed(ordered("add", "B"), specs=chain, max_depth=3, max_nodes=4).refusals == ()


def test_it_ends_soon_where_a_catalogue_explodes() -> None:
    layers = [spec(f"L{n}", *[f"L{n + 1}"] * 10) for n in range(15)] + [spec("L15")]
    found = refused(ordered("add", "L0"), specs=layers, max_nodes=500)
    assert {r.code for r in found} == {"tooLarge"}
