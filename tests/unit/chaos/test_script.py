from itertools import pairwise

import pytest

from tests.chaos.script import AWS, script


@pytest.mark.parametrize("seed", range(10))
def test_a_run_has_three_hundred_images_and_every_kind_of_trouble(seed: int) -> None:
    played = script(seed, users=6)

    assert sum(order.images for order in played.before if not order.is_cancelled) == 300
    assert {"down", "500", "429", "402", "broken mattes", "cold start"} <= {phase.name for phase in played.phases}
    assert {fault.kind for phase in played.phases for fault in phase.faults} >= {
        "connection_reset",
        "cold_start",
        "payment_required",
        "rate_limited",
        "server_error",
        "truncated_matte",
    }
    lengths = {each.name: after.start - each.start for each, after in pairwise(played.phases)}
    assert lengths.get("down", 60.0) == 60.0
    assert played.seconds < 240


def test_a_seed_is_played_the_same_way_again() -> None:
    assert script(3, users=6) == script(3, users=6) != script(4, users=6)


def test_everything_that_happens_to_aws_does_so_now_and_then() -> None:
    assert all(0 < share < 1 for share in AWS.values())
