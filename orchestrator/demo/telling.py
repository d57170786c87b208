"""What the demo says when the order has ended: the inventory, and where to go on."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings

from orchestrator.demo.client import Bss
from orchestrator.demo.load import read
from orchestrator.demo.paper import Paper

APIS = {"TMF641 service order": "ordering", "TMF638 inventory": "inventory", "TMF633 catalogue": "catalog"}


def tell_inventory(paper: Paper, bss: Bss, order_id: str) -> None:
    """The services that the order made, as the BSS sees them over TMF638."""
    services = bss.get("inventory", f"service?serviceOrderItem.serviceOrderId={order_id}&sort=name")
    paper.title(f"The inventory: {len(services)} services")
    for service in services:
        told = ", ".join(f"{c['name']}={_short(c['value'])}" for c in service.get("serviceCharacteristic", []))
        kind = service["serviceSpecification"].get("name", "")
        paper.line(
            f"  {paper.styled(service['state'], 'green')}  {service['name']} ({kind})  {paper.styled(told, 'dim')}"
        )


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def tell_addresses(paper: Paper, bss: Bss, password: str) -> None:
    paper.title("Everything stays up. Ctrl-C stops it.")
    for name, api in (
        ("TMF641 service order", "ordering"),
        ("TMF638 inventory", "inventory"),
        ("TMF633 catalogue", "catalog"),
    ):
        paper.line(f"  {name:22}{bss.root}/{settings.API_PREFIXES[api]}/v4")
    paper.line(f"  {'documentation':22}{bss.root}/docs/")
    paper.line(f"  {'admin':22}{bss.root}/admin/  (operator, password {password})")
    paper.line(f"  {'logs':22}{settings.ENV.VAR_DIR / 'log'}")
    paper.title("Another order:")
    paper.line(f"""curl -s {bss.url("ordering", "serviceOrder")} \\
  -H 'Authorization: Bearer {bss.token}' -H 'Content-Type: application/json' \\
  -d '{json.dumps(_small_order())}'""")


def _small_order() -> Any:
    order = read("order.json")
    return {"externalId": "BSS-2042", "serviceOrderItem": order["serviceOrderItem"]}
