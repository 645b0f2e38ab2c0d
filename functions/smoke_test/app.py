"""CodeDeploy's hook: may a new version meet callers? What it is told decides whether the alias moves at all.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from background_remover import clients, deployment
from background_remover.observability import logger
from background_remover.settings import remove_version
from background_remover.smoke_test import SmokeTest

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


smoke_test = SmokeTest(
    lambdas=clients.lambdas(),
    version=remove_version(),
    ledger=deployment.ledger(),
    served=deployment.settings().served_models,
    clock=lambda: datetime.now(UTC),
)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    try:
        smoke_test(event["DeploymentId"])
    except Exception:
        # Whatever it is, callers shall not meet it; and CodeDeploy would wait an hour for a word.
        logger.exception("The new version does not remove a background")
        status = "Failed"
    else:
        logger.info("The new version removed a background")
        status = "Succeeded"
    clients.codedeploy().put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=status,
    )
