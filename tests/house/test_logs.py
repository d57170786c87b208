"""Log lines carry what is needed and no secret."""

from __future__ import annotations

import json
import sys

import pytest

from config.logs import MASK, mask_secrets
from tests.processes import Processes

SECRET = "s3cr3t-and-long-enough"


@pytest.mark.parametrize(
    "event",
    [
        {"authorization": SECRET},
        {"access_token": SECRET},
        {"password": SECRET},
        {"event": f"sent Authorization: Bearer {SECRET}"},
        {"event": f"connecting to postgres://app:{SECRET}@db/opensom"},
    ],
)
def test_it_masks_secrets(event: dict[str, str]) -> None:
    masked = mask_secrets(None, "info", dict(event))
    assert SECRET not in json.dumps(masked)
    assert MASK in json.dumps(masked)


def test_it_leaves_the_rest_alone() -> None:
    event = {"event": "step done", "order": "42", "url": "https://ems.example.com/services"}
    assert mask_secrets(None, "info", dict(event)) == event


SCRIPT = """
import django; django.setup()
import logging, structlog
from django.test import Client
logging.getLogger("celery.worker").warning("token %s", "plain")
with structlog.contextvars.bound_contextvars(order="42"):
    structlog.get_logger("test").info("something", password="hidden")
Client().get("/nowhere?key=hidden", headers={"authorization": "Bearer hidden"})
Client().get("/callbacks/1.do.1/hidden")
Client().get("/healthz")
"""


def test_it_writes_json_lines_with_the_request_but_not_its_query(processes: Processes) -> None:
    running = processes.start([sys.executable, "-c", SCRIPT], LOG_FORMAT="json", LOG_LEVEL="INFO")
    assert running.wait() == 0, running.output()
    lines = [json.loads(line) for line in running.output().splitlines() if line.startswith("{")]
    assert "hidden" not in running.output()
    assert [line["event"] for line in lines if line["logger"] == "celery.worker"] == ["token plain"]
    assert [line["order"] for line in lines if line["event"] == "something"] == ["42"]
    requests = [line for line in lines if line["event"] == "request_finished"]
    assert [line["request"] for line in requests] == ["GET /nowhere", f"GET /callbacks/1.do.1/{MASK}"]
    assert all(line["request_id"] for line in requests)
