"""What an operator does to a deployment from a shell: `python -m background_remover.operations --help`.

It works with the AWS credentials of the shell, on the stack that is named.
"""

import argparse
import json
import secrets
import sys
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from background_remover.domain.account_errors import ApiKeyNotFoundError
from background_remover.domain.api_keys import ENTROPY_BYTES, ApiKey, api_key, digest
from background_remover.domain.credits import bonus, purchase
from background_remover.domain.errors import DomainError
from background_remover.domain.subscriptions import PLANS
from background_remover.gateways.api_keys import ApiKeys
from background_remover.gateways.billing_event import BILLING_EVENT
from background_remover.gateways.credit_ledger import CreditLedger


class Operations:
    """The commands, on one deployed stack."""

    def __init__(self, stack: str) -> None:
        description = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in description["Outputs"]}
        dynamodb = boto3.client("dynamodb")
        self._api_keys = ApiKeys(dynamodb, table=outputs["ApiKeysTableName"])
        self._bus = outputs["BillingEventBusName"]
        self._dead_billing_events = outputs["BillingDeadLetterQueueUrl"]
        self._ledger = CreditLedger(dynamodb, table=outputs["CreditsTableName"])

    def grant(self, user_id: str, amount: int, *, kind: str, reference: str) -> str:
        movement = {"purchase": purchase, "bonus": bonus}[kind](amount)
        now = datetime.now(UTC)
        counted = self._ledger.grant(user_id, movement, reference=reference, now=now)
        balance = self._ledger.balance(user_id, now)
        outcome = f"granted {amount} credits" if counted else f"reference {reference} was counted before: no change"
        return f"{user_id}: {outcome}; {balance.available} available, {balance.held} held, {balance.owed} owed"

    def pay(self, user_id: str, *, payment_id: str, credits: int | None, plan: str | None) -> str:
        """Tells what the billing system would tell of a payment."""
        bought = {"kind": "plan", "plan": plan} if plan else {"kind": "credits", "credits": credits}
        self._tell("payment.succeeded", {"paymentId": payment_id, "userId": user_id, "bought": bought})
        return f"told of the payment {payment_id}"

    def refund(self, user_id: str, *, payment_id: str) -> str:
        self._tell("payment.refunded", {"paymentId": payment_id, "userId": user_id})
        return f"told that the payment {payment_id} was refunded"

    def redrive_billing(self) -> str:
        """Tells once more of what lies in the dead-letter queue, which SQS itself cannot give back to EventBridge.

        An event lies there as the rule could not deliver it, or as what the function was invoked with when it failed:
        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        """
        sqs, told = boto3.client("sqs"), 0
        while messages := sqs.receive_message(QueueUrl=self._dead_billing_events, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in messages:
                body = json.loads(message["Body"])
                event = body.get("requestPayload", body)
                self._put(event["detail-type"], event["detail"])
                sqs.delete_message(QueueUrl=self._dead_billing_events, ReceiptHandle=message["ReceiptHandle"])
                told += 1
        return f"told once more of {told} events"

    def _tell(self, detail_type: str, detail: dict[str, Any]) -> None:
        BILLING_EVENT.validate_python({"detail-type": detail_type, "detail": detail})
        self._put(detail_type, detail)

    def _put(self, detail_type: str, detail: dict[str, Any]) -> None:
        entry = {"Source": "operator", "DetailType": detail_type, "Detail": json.dumps(detail)}
        answer = boto3.client("events").put_events(Entries=[{**entry, "EventBusName": self._bus}])
        if answer["FailedEntryCount"]:
            raise RuntimeError(f"EventBridge did not take it: {answer['Entries']}")

    def create_api_key(self, user_id: str, *, name: str) -> str:
        key = api_key(secrets.token_bytes(ENTROPY_BYTES))
        self._api_keys.add(ApiKey.of(key, user_id=user_id, name=name, created_at=datetime.now(UTC)))
        return key

    def revoke_api_key(self, key: str) -> str:
        found = self._api_keys.find(digest(key))
        if found is None:
            raise ApiKeyNotFoundError("Nobody has this key.")
        self._api_keys.revoke(user_id=found.user_id, key_id=found.key_id)
        return f"{found.user_id}: the key “{found.name}” is refused from now on"


def verify(stack: str, *, seconds: float) -> bool:
    """Prints what one photo finds in each model of a deployed stack, and returns whether all is well."""
    # Imported here: it draws and reads images, which no other command does.
    from background_remover.verification import verify as findings

    cloudformation, lambdas = boto3.client("cloudformation"), boto3.client("lambda")
    function = cloudformation.describe_stack_resource(StackName=stack, LogicalResourceId="RemoveFunction")
    name = function["StackResourceDetail"]["PhysicalResourceId"]
    environment = lambdas.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    is_well = True
    for finding in findings(environment, boto3.client("secretsmanager"), seconds=seconds):
        print(finding, flush=True)  # noqa: T201 a command's answer
        is_well = is_well and not finding.is_wrong
    return is_well


def _credits(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is not a number of credits")
    return int(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Operate a deployed stack.")
    parser.add_argument("--stack", required=True, help="the CloudFormation stack's name")
    commands = parser.add_subparsers(dest="command", required=True)
    grant = commands.add_parser("grant", help="give a user credits")
    grant.add_argument("--user", required=True, help="the user's id: the token's subject")
    grant.add_argument("--credits", required=True, type=_credits)
    grant.add_argument("--kind", choices=["purchase", "bonus"], default="bonus")
    grant.add_argument(
        "--reference", default=secrets.token_hex(8), help="what the credits are for; one reference counts once"
    )
    pay = commands.add_parser("pay", help="send the event of a payment, for credits or for a month of a plan")
    pay.add_argument("--user", required=True, help="who paid: the token's subject")
    pay.add_argument("--payment", default=f"pay_{secrets.token_hex(8)}", help="the payment's id, which counts once")
    bought = pay.add_mutually_exclusive_group(required=True)
    bought.add_argument("--credits", type=_credits)
    bought.add_argument("--plan", choices=list(PLANS))
    refund = commands.add_parser("refund", help="send the event of a refund")
    refund.add_argument("--user", required=True)
    refund.add_argument("--payment", required=True)
    commands.add_parser("redrive-billing", help="send the events in the billing dead-letter queue once more")
    verify = commands.add_parser("verify", help="send one photo through each model and say what comes back")
    verify.add_argument("--seconds", type=float, default=30.0, help="how long to wait for each model")
    key = commands.add_parser("create-api-key", help="make an API key, which is shown once")
    key.add_argument("--user", required=True, help="whose key it is: the token's subject")
    key.add_argument("--name", default="operator")
    revoke = commands.add_parser("revoke-api-key", help="make an API key worthless")
    revoke.add_argument("--key", required=True)
    return parser.parse_args()


def _run(arguments: argparse.Namespace) -> str:
    operations = Operations(arguments.stack)
    match arguments.command:
        case "grant":
            return operations.grant(
                arguments.user, arguments.credits, kind=arguments.kind, reference=arguments.reference
            )
        case "pay":
            return operations.pay(
                arguments.user, payment_id=arguments.payment, credits=arguments.credits, plan=arguments.plan
            )
        case "redrive-billing":
            return operations.redrive_billing()
        case "refund":
            return operations.refund(arguments.user, payment_id=arguments.payment)
        case "create-api-key":
            return operations.create_api_key(arguments.user, name=arguments.name)
        case _:
            return operations.revoke_api_key(arguments.key)


if __name__ == "__main__":
    try:
        arguments = _arguments()
        if arguments.command == "verify":
            sys.exit(0 if verify(arguments.stack, seconds=arguments.seconds) else 1)
        print(_run(arguments))  # noqa: T201 a command's answer
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"AWS: {error}")
    except DomainError as error:
        sys.exit(error.detail)
