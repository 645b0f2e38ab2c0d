"""The smoke test of a canary, with published versions of the deployed function."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from background_remover.domain.identity import SMOKE_TEST_USER
from background_remover.domain.tiers import Model
from background_remover.gateways.credit_ledger import CreditLedger
from background_remover.smoke_test import SmokeTest, SmokeTestError
from tests.stack.local_stack import LocalStack


def ledger_of(stack: LocalStack) -> CreditLedger:
    return CreditLedger(stack.emulator.client("dynamodb"), table=stack.outputs["CreditsTableName"])


def smoke_test_of(stack: LocalStack, version: str) -> SmokeTest:
    return SmokeTest(
        lambdas=stack.emulator.client("lambda"),
        version=version,
        ledger=ledger_of(stack),
        served=frozenset(Model),
        clock=lambda: datetime.now(UTC),
    )


def test_the_version_that_callers_reach_removes_a_background_and_nobody_pays(stack: LocalStack) -> None:
    lambdas, function = stack.emulator.client("lambda"), stack.functions()["RemoveFunction"]
    version = lambdas.get_alias(FunctionName=function, Name="live")["FunctionVersion"]
    assert version.isdecimal()
    arn = lambdas.get_function_configuration(FunctionName=function, Qualifier=version)["FunctionArn"]

    smoke_test_of(stack, arn)("d-works")

    balance = ledger_of(stack).balance(SMOKE_TEST_USER, datetime.now(UTC))
    assert (balance.available, balance.held) == (0, 0)
    entries, _ = ledger_of(stack).entries(SMOKE_TEST_USER, limit=10, cursor=None)
    assert {entry.movement.kind for entry in entries} == {"bonus", "hold", "capture"}


@pytest.fixture
def broken_version(stack: LocalStack) -> Iterator[str]:
    lambdas, function = stack.emulator.client("lambda"), stack.functions()["RemoveFunction"]
    lambdas.update_function_configuration(FunctionName=function, Handler="app.gone")
    try:
        yield lambdas.publish_version(FunctionName=function)["FunctionArn"]
    finally:
        lambdas.update_function_configuration(FunctionName=function, Handler="app.handler")


def test_a_version_without_its_handler_is_found_out(stack: LocalStack, broken_version: str) -> None:
    with pytest.raises(SmokeTestError, match="The function failed"):
        smoke_test_of(stack, broken_version)("d-broken")
