"""The tree of categories: none stands below itself."""

from collections.abc import Iterable, Mapping

from catalog.models import ServiceCategory
from tmf.errors import Invalid

AT_ONCE = 500


def check_parent(category_id: str, parent_id: str) -> None:
    """Raises Invalid when the parent stands below the category, or is it. Call it in a transaction.

    The line above is locked, then read again: of two moves that together close a circle the second sees the
    first. (SQLite has no row locks; there writing transactions follow one another.)
    """
    line: list[str] = []
    while (above := _line(parent_id)) != line:
        line = above
        rows = ServiceCategory.objects.select_for_update().filter(pk__in=[category_id, *line])
        list(rows.order_by("pk").values_list("pk"))
    if category_id in line:
        raise Invalid("the category would stand below itself", path="parentId")


def below_themselves(ids: Iterable[str]) -> set[str]:
    """Those of many categories, written in this transaction, that stand in a circle or below one."""
    parents: dict[str, str | None] = {}
    level = set(ids)
    while level:
        above = _parents(sorted(level))
        parents |= dict.fromkeys(level) | above
        level = {parent for parent in above.values() if parent is not None} - parents.keys()
    return _in_circles(parents)


def _parents(ids: list[str]) -> dict[str, str | None]:
    """Read with a lock, in one order everywhere: whoever moves one of them waits, or is waited for."""
    found: dict[str, str | None] = {}
    for start in range(0, len(ids), AT_ONCE):
        rows = ServiceCategory.objects.select_for_update().filter(pk__in=ids[start : start + AT_ONCE])
        found.update(rows.order_by("pk").values_list("pk", "parent_id"))
    return found


def _in_circles(parents: Mapping[str, str | None]) -> set[str]:
    """Taking away again and again what has no parent leaves the circles, and what hangs below them."""
    left = dict(parents)
    children: dict[str, list[str]] = {}
    for child, parent in parents.items():
        children.setdefault(parent or "", []).append(child)
    free = [child for child, parent in parents.items() if parent not in parents]
    while free:
        one = free.pop()
        del left[one]
        free += children.get(one, [])
    return set(left)


def _line(identifier: str | None) -> list[str]:
    """The category of this id and those above it, each once, however they are linked."""
    line: list[str] = []
    while identifier and identifier not in line:
        line.append(identifier)
        identifier = ServiceCategory.objects.filter(pk=identifier).values_list("parent_id", flat=True).first()
    return line
