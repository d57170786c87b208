"""The service's state machine: what a PATCH may do, what an order may do, what follows from a state."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from inventory.models import ServiceState
from tmf.errors import Conflict
from tmf.resources import Json
from tmf.states import Moves

S = ServiceState

ENABLED = frozenset({S.ACTIVE})  # usable now
STARTED = frozenset({S.ACTIVE, S.SUSPENDED})  # has begun whatever its dates say
PLANNED = frozenset({S.FEASIBILITY_CHECKED, S.DESIGNED, S.RESERVED})  # has not begun whatever its dates say
IN_USE = frozenset({S.INACTIVE, S.ACTIVE, S.SUSPENDED})  # deleting it is a matter of policy (a setting)
INITIAL = frozenset(S) - {S.TERMINATED}  # what a new service may be

# What a PATCH may do (docs/conformance.md 2). `suspended` is reached by v5 only.
MOVES = Moves(
    "service",
    {
        S.FEASIBILITY_CHECKED: (S.DESIGNED, S.RESERVED, S.INACTIVE, S.ACTIVE),
        S.DESIGNED: (S.RESERVED, S.INACTIVE),
        S.RESERVED: (S.DESIGNED, S.INACTIVE, S.ACTIVE),
        S.INACTIVE: (S.ACTIVE, S.TERMINATED),
        S.ACTIVE: (S.INACTIVE, S.TERMINATED, S.SUSPENDED),
        S.SUSPENDED: (S.ACTIVE, S.INACTIVE, S.TERMINATED),
        S.TERMINATED: (S.ACTIVE,),
    },
)

# What an order's item may do (docs/conformance.md 1.6): action → state before → states after, the default first.
Results = Mapping[str | None, Iterable[str]]
FULFILMENT: Mapping[str, Results] = {
    "add": {None: (S.ACTIVE, S.DESIGNED, S.RESERVED, S.INACTIVE)},
    "modify": {
        S.DESIGNED: (S.DESIGNED, S.RESERVED, S.INACTIVE),
        S.INACTIVE: (S.INACTIVE, S.ACTIVE, S.TERMINATED),
        S.ACTIVE: (S.ACTIVE, S.INACTIVE, S.TERMINATED),
    },
    "delete": dict.fromkeys(INITIAL, (S.TERMINATED,)),
    "noChange": {state: (state,) for state in S},
}


def legal_change(state: str | None, action: str, wanted: str | None = None) -> str:
    """The state that an item's action leads to; `state` is None for a service that does not exist.

    Raises Conflict for what docs/conformance.md 1.6 does not list. A delete that repeats the service's
    present state asks for nothing by it.
    """
    results = tuple(FULFILMENT[action].get(state, ()))
    if not results:
        raise Conflict(f"{action} is not possible for a service that {_said(state)}")
    if not wanted or (action == "delete" and wanted == state):
        return str(results[0])
    if wanted not in results:
        raise Conflict(f"{action} cannot make a service {wanted} that {_said(state)}")
    return wanted


def _said(state: str | None) -> str:
    return f"is {state}" if state else "does not exist"


def flags(state: str, start_date: datetime | None) -> Json:
    """The attributes that follow from a state and are never stored."""
    started = state in STARTED or (start_date is not None and state not in PLANNED)
    return {"hasStarted": started, "isServiceEnabled": state in ENABLED}
