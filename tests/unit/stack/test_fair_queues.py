from typing import Any

from tests.stack.emulated_aws import fairest_first

NOW = 1_000.0


def waiting(body: str, group: str | None = None) -> dict[str, Any]:
    return {"body": body, "group_id": group, "receive_count": 0, "visible_at": NOW - 1}


def in_flight(group: str | None) -> dict[str, Any]:
    return {"body": "in flight", "group_id": group, "receive_count": 1, "visible_at": NOW + 30}


def order(*messages: dict[str, Any]) -> list[str]:
    return [message["body"] for message in fairest_first(messages, NOW) if message["visible_at"] <= NOW]


def test_without_anything_in_flight_the_oldest_is_first() -> None:
    assert order(waiting("1", "ann"), waiting("2", "ann"), waiting("3", "ben")) == ["1", "2", "3"]


def test_a_group_with_less_in_flight_is_first() -> None:
    flying = [in_flight("ann"), in_flight("ann"), in_flight("ben")]

    assert order(*flying, waiting("1", "ann"), waiting("2", "ben"), waiting("3", "cat")) == ["3", "2", "1"]


def test_within_a_group_the_oldest_stays_first() -> None:
    messages = [waiting("1", "ann"), waiting("2", "ben"), waiting("3", "ann"), waiting("4", "ben")]

    assert order(in_flight("ann"), *messages) == ["2", "4", "1", "3"]


def test_messages_without_a_group_wait_for_nobody() -> None:
    flying = [in_flight(None), in_flight(None), in_flight("ann")]

    assert order(*flying, waiting("1", "ann"), waiting("2")) == ["2", "1"]


def test_what_came_back_into_view_is_not_in_flight() -> None:
    came_back = waiting("1", "ann") | {"receive_count": 2}

    assert order(came_back, waiting("2", "ben")) == ["1", "2"]


def test_a_delayed_message_is_not_in_flight() -> None:
    delayed = in_flight("ann") | {"receive_count": 0}

    assert order(delayed, waiting("1", "ann"), waiting("2", "ben")) == ["1", "2"]
