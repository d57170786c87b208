"""Sixteen threads that send the same order with the same key at once, in a process and on a database of their own."""

from __future__ import annotations

from functools import partial

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from ordering.models import ServiceOrder  # noqa: E402
from tests.helpers import http_client, token_of  # noqa: E402
from tests.ordering.documents import PATH, order  # noqa: E402
from tests.racing import at_once  # noqa: E402
from tmf.once import REPLAYED  # noqa: E402

THREADS = 16


def main() -> None:
    setup_test_environment()
    token = token_of("acme", settings.BSS_SCOPES)
    key = {"idempotency-key": "k"}
    calls = [partial(http_client(token).post, PATH, order(), "application/json", headers=key) for _ in range(THREADS)]
    answers = at_once(*calls)
    assert {answer.status_code for answer in answers} == {201}, [answer.content for answer in answers]
    print(f"answers:{len({answer.content for answer in answers})}")
    print(f"replayed:{sum(REPLAYED in answer for answer in answers)}")
    print(f"orders:{ServiceOrder.objects.count()}")


if __name__ == "__main__":
    main()
