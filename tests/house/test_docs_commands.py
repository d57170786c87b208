"""The commands of `/docs/` and docs/integrators.md run as they are printed, and answer as they say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import pytest

from ordering.resources import SERVICE_ORDER
from tests.databases import ROOT
from tests.up import Up, documents

SECRET = "a secret of the test"
CLIENT = (
    "from tmf.models import Client;"
    "client = Client(name='shop', party='acme', client_type='confidential',"
    f" authorization_grant_type='client-credentials', client_secret='{SECRET}');"
    "client.save(); print(client.client_id)"
)
PLACE_AND_WAIT = """
ORDER=$(curl -s -o /dev/null -w '%header{location}' "$ORDERS" -H "$AUTH" -H "Content-Type: application/json" -d "$BODY")
until curl -s "$ORDER?fields=state" -H "$AUTH" | grep -E 'completed|rejected'; do sleep 1; done
"""
NEXT = "\x1e"


@dataclass
class Block:
    """A command, or the answer to the command before it. `whose`: only one kind of reader runs it."""

    kind: str
    whose: str
    text: str = ""


class Blocks(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Block] = []
        self._within = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "pre":
            named = dict(attrs)
            self.found.append(Block(named.get("class") or "", named.get("data-for") or ""))
            self._within = True

    def handle_endtag(self, tag: str) -> None:
        self._within = self._within and tag != "pre"

    def handle_data(self, data: str) -> None:
        if self._within:
            self.found[-1].text += data


@pytest.fixture
def blocks(up: Up) -> list[Block]:
    with urllib.request.urlopen(f"{up.url}/docs/", timeout=10) as answer:
        parser = Blocks()
        parser.feed(answer.read().decode())
    return [block for block in parser.found if block.kind in ("run", "answer")]


def script(blocks: list[Block], whose: str) -> tuple[list[str], dict[int, str]]:
    """The commands for that reader, and the answers by the number of their command."""
    commands: list[str] = []
    answers: dict[int, str] = {}
    for block in blocks:
        if block.whose == whose and block.kind == "run":
            commands.append(block.text)
        elif block.whose == whose:
            answers[len(commands) - 1] = block.text
    return commands, answers


def run(commands: list[str], up: Up, **env: str) -> list[str]:
    """What each command prints, in one shell."""
    text = "\n".join(f"printf '{NEXT}'\n{command.replace('.venv/bin/python', sys.executable)}" for command in commands)
    own = os.environ | up.env | {"DJANGO_SETTINGS_MODULE": "config.settings"} | env
    words = ["bash", "-euo", "pipefail", "-c", text]
    done = subprocess.run(words, cwd=ROOT, env=own, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return [part.strip() for part in done.stdout.split(NEXT)[1:]]


def assert_answers(printed: list[str], answers: dict[int, str]) -> None:
    wrong = [(expected, printed[n]) for n, expected in answers.items() if not is_answered(expected, printed[n])]
    assert wrong == []


def is_answered(expected: str, printed: str) -> bool:
    if expected.startswith(("{", "[")):
        return agrees(json.loads(expected.replace(": …", ': "…"')), json.loads(printed))
    return like(expected, printed)


def agrees(wanted: Any, got: Any) -> bool:
    """Whether they are the same, where a text `…` is anything, and one with `…` in it has anything there."""
    match wanted:
        case "…":
            return True
        case str():
            return isinstance(got, str) and like(wanted, got)
        case dict():
            return (
                isinstance(got, dict)
                and wanted.keys() == got.keys()
                and all(agrees(wanted[name], got[name]) for name in wanted)
            )
        case list():
            return isinstance(got, list) and len(wanted) == len(got) and all(map(agrees, wanted, got))
        case _:
            return bool(wanted == got)


def like(wanted: str, got: str) -> bool:
    return re.fullmatch(".+".join(map(re.escape, wanted.split("…"))), got) is not None


def test_the_index_page_s_commands_run_as_printed(up: Up, blocks: list[Block]) -> None:
    operator, _ = script(blocks, "operator")
    [token] = run([f"{operator[0]}\necho $TOKEN"], up)
    [client_id] = run([f'.venv/bin/python manage.py shell --no-imports -c "{CLIENT}"'], up)
    commands, answers = script(blocks, "client")
    assert len(commands) == len(answers) == 1
    assert_answers(run(commands, up, CLIENT_ID=client_id, CLIENT_SECRET=SECRET), answers)

    commands, answers = script(blocks, "")
    assert len(commands) == 17
    assert len(answers) == 15
    assert_answers(run(commands, up, TOKEN=token), answers)
    assert_swagger_ui_proposes_an_order_that_is_fulfilled(up, token)


def assert_swagger_ui_proposes_an_order_that_is_fulfilled(up: Up, token: str) -> None:
    orders, body = up.url + SERVICE_ORDER.path(), json.dumps(SERVICE_ORDER.example)
    [told] = run([PLACE_AND_WAIT], up, AUTH=f"Authorization: Bearer {token}", ORDERS=orders, BODY=body)
    assert json.loads(told)["state"] == "completed"


def test_the_integrators_commands_run_as_printed(up: Up) -> None:
    text = (ROOT / "docs" / "integrators.md").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{up.port}")
    first, *commands = re.findall(r"^```sh\n(.*?)^```", text.partition("## 8.")[0], re.M | re.S)
    asks_for_a_token = commands.pop(0)
    assert "grant_type=client_credentials" in asks_for_a_token
    [token] = run([f"{first}\necho $TOKEN"], up)
    told = [[*documents(each)] for each in run(commands, up, TOKEN=token)]
    [order], [services], v5, lists, [patched], [asked, cancels], [repeatable], [hub] = told
    assert order["state"] in ("acknowledged", "inProgress", "completed")
    assert [service["state"] for service in services] == ["active"] * 4
    assert v5[0]["operatingStatus"] == "running"
    values = {each["name"]: (each["value"], each["@type"]) for each in v5[1]["serviceCharacteristic"]}
    assert values["bandwidth"] == (600, "IntegerCharacteristic")
    assert [len(found) for found in lists] == [1, 0, 1, 0]
    assert patched["description"] == "urgent"
    assert asked["state"] == "accepted"
    assert [each["id"] for each in cancels] == [asked["id"]]
    assert repeatable["externalId"] == "shop-4712"
    assert hub["callback"] == "https://bss.example.com/som/events"
