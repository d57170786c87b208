"""docs/examples/README.md: which page shows what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from tests.examples.paper import anchor
from tests.examples.record import Exchange
from tests.examples.shown import EXCEPTIONS, Fact, shown, wanted

HEAD = """# Examples

A request and its answer for every operation, state, event and error. No page is written by hand: the
[scenarios](../../tests/examples/scenarios) are played against a running system, with the
[simulated target](../simulator.md) doing the work, and what was answered and told is what the pages show. Only what
differs from run to run is replaced: identifiers, moments, addresses. `manage.py examples` writes this folder; a test
plays the scenarios again and fails when anything has become different.

## To try them

[opensom.postman_collection.json](opensom.postman_collection.json) for Postman and [opensom.http](opensom.http) for the
REST Client of Visual Studio Code hold the same requests. Each uses what earlier ones were answered, so run them in
order. They need a system with the demo's catalogue and the examples' definition:

```sh
make demo                                    # in one terminal; then, in another:
export EMBEDDED=true VAR_DIR=$PWD/var/demo
.venv/bin/python manage.py definitions import docs/examples/definitions
.venv/bin/python manage.py issue_token --client examples --party acme                                       # token
.venv/bin/python manage.py issue_token --client examples-admin --party "" --admin                          # adminToken
.venv/bin/python manage.py issue_token --client examples-reader --party acme --scope "ordering:read"       # readerToken
```

Set `host`, the tokens, `listener` (an address of yours that answers POSTs with 204) and `files` (a server of yours that
has a `specifications.json` and takes POSTs). On a running system the engine does not wait for you: where a page shows a
state that passes at once, you may see the next one.
"""
TITLES = {
    "operation": "Operations",
    "state": "States",
    "event": "Events",
    "error": "Errors",
}


def index(played: Sequence[Exchange]) -> str:
    examples = shown(played)
    parts = [HEAD, "## Pages\n", *_pages(played)]
    for kind, facts in groupby(sorted(wanted(), key=lambda fact: [*TITLES].index(fact.kind)), key=lambda f: f.kind):
        parts += [f"\n## {TITLES[kind]}\n", *_table(kind, [*facts], examples)]
    return "\n".join(parts) + "\n"


def _pages(played: Sequence[Exchange]) -> Iterator[str]:
    for scenario in dict.fromkeys(exchange.scenario.name for exchange in played):
        title = next(exchange.scenario.title for exchange in played if exchange.scenario.name == scenario)
        yield f"- [{title}]({scenario}.md)"


def _table(kind: str, facts: Sequence[Fact], examples: Mapping[Fact, Exchange]) -> Iterator[str]:
    head = {"operation": "operation", "state": "state", "event": "event", "error": "code"}[kind]
    yield f"| of | {head} | example |\n|---|---|---|"
    for fact in dict.fromkeys(facts):
        whose = " ".join(filter(None, (fact.api, fact.subject)))
        yield f"| {whose} | {fact.word} | {_example(fact, examples)} |"


def _example(fact: Fact, examples: Mapping[Fact, Exchange]) -> str:
    if fact not in examples:
        return f"none: {EXCEPTIONS.get(fact, 'missing')}"
    exchange = examples[fact]
    return f"[{exchange.step.title}]({exchange.scenario.name}.md#{anchor(exchange.heading)})"
