"""Accounts on which all of what may happen has happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from background_remover.domain.credits import purchase
from background_remover.domain.jobs import Job, Lease, Quality, Result
from background_remover.gateways.dynamodb import to_item, write_all
from background_remover.gateways.work_queue import message_for
from tests.integration.audit.auditing import everything
from tests.integration.jobs.account import LEASE, photo, removal

if TYPE_CHECKING:
    from background_remover.domain.batches import Batch
    from background_remover.gateways.dynamodb import Item
    from tests.integration.jobs.account import Account


TABLES = ("CreditsTable", "JobsTable", "SubscriptionsTable")


@dataclass(frozen=True, slots=True)
class Busy:
    """What of anna's account is open, or has ended."""

    queued: Job
    completed: Job
    half_done: Batch
    done: Batch


_built: list[tuple[Busy, datetime, dict[str, list[Item]]]] = []


def busy_account(account: Account) -> Busy:
    """Built once, as that takes longer than looking at it; then only its items are written. Its files are not."""
    if not _built:
        busy = _busy_account(account)
        _built.append((busy, account.clock(), {table: everything(table) for table in TABLES}))
        return busy
    (built,) = _built
    busy, account.clock.now, tables = built
    for table, items in tables.items():
        write_all(account.dynamodb, table, [{"PutRequest": {"Item": to_item(item)}} for item in items])
    return busy


def _busy_account(account: Account) -> Busy:
    account.ledger.grant("anna", purchase(500), reference="invoice-1", now=account.clock())
    completed = account.remove(removal())
    account.reconcile().dead_letter(message_for(account.remove(removal(respond_async=True))))
    delivered_as(account, "professional", account.remove(removal(tier="industry", respond_async=True)))
    account.erase(account.remove(removal()))
    account.erase(account.create_upload())
    done = account.create_batch(photo(), b"no photo", photo("red"), None)
    for job in done.jobs[:3]:
        account.process_and_close(message_for(job))
    account.erase(account.jobs.get("anna", done.jobs[0].job_id))
    account.create_upload("bert")
    expiring = account.create_batch(None, None)
    account.cancel_batch(account.create_batch(photo(), photo()).batch.batch_id)
    account.clock.advance(timedelta(minutes=17))
    account.reconcile().sweep()
    assert account.batches.get("anna", expiring.batch.batch_id).expired == 2
    half_done = account.create_batch(photo(), photo(), None, tier="standard")
    account.process_and_close(message_for(half_done.jobs[0]))
    for payment in ("p1", "p2"):
        account.receive_payment().succeeded(payment, "anna", credits=100)
    account.receive_payment().refunded("p1", "anna")
    account.create_upload()
    leased = account.remove(removal(respond_async=True))
    account.jobs.lease("anna", leased.job_id, Lease("a worker", account.clock() + LEASE), account.clock())
    return Busy(account.remove(removal(respond_async=True)), completed, half_done.batch, done.batch)


def covered_account(account: Account) -> Batch:
    """A plan pays."""
    account.subscribe("starter")
    account.remove(removal())
    account.remove(removal(respond_async=True))
    created = account.create_batch(photo(), photo(), b"no photo")
    account.process_and_close(message_for(created.jobs[0]))
    account.process_and_close(message_for(created.jobs[2]))
    return created.batch


def delivered_as(account: Account, tier: str, job: Job) -> Job:
    leased = account.jobs.lease("anna", job.job_id, Lease("a worker", account.clock() + LEASE), account.clock())
    result = Result(
        content_type="image/png",
        width=32,
        height=24,
        size=99,
        crc32=0,
        seconds=1.5,
        tier=tier,
        quality=Quality(90),
        looks=1,
    )
    return account.jobs.complete(leased, result, account.clock())
