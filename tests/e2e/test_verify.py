"""`make verify` on a deployed stack."""

import subprocess

import pytest

from tests.stack.hugging_face import Fault
from tests.stack.local_stack import LocalStack


def test_both_models_of_the_stack_are_asked_and_answer(stack: LocalStack) -> None:
    first, second = stack.operate("verify").splitlines()
    assert first.startswith("briaai/RMBG-1.4: a matte of 640 x 480 in ")
    assert second.startswith("briaai/RMBG-2.0: a matte of 640 x 480 in ")


def test_a_model_that_fails_makes_the_command_fail(stack: LocalStack) -> None:
    stack.hugging_face.play(Fault("not_found", on="infer"))
    with pytest.raises(subprocess.CalledProcessError) as caught:
        stack.operate("verify")
    first, second = caught.value.stdout.splitlines()
    assert first.startswith("briaai/RMBG-1.4: wrong after ")
    assert "Is Rmbg14Url right" in first
    assert "a matte of" in second
