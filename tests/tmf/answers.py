"""What every answer must look like."""

from typing import Any

CONTENT_TYPE = "application/json;charset=utf-8"


def assert_error(answer: Any, status: int, *words: str) -> dict[str, Any]:
    """The answer has this status and a TMF error body whose message holds these words."""
    assert answer.status_code == status, answer.content[:500]
    assert answer["Content-Type"] == CONTENT_TYPE
    body: dict[str, Any] = answer.json()
    assert {"code", "reason", "status"} <= body.keys()
    assert all(isinstance(value, str) and value for value in body.values()), body
    assert body["status"] == str(status)
    for word in words:
        assert word in body.get("message", ""), body
    return body


def assert_ok(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.content[:1000]
    assert answer["Content-Type"] == CONTENT_TYPE
    return answer.json()
