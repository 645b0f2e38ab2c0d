"""One run: what an earlier one left is finished first, then the rest is sent, and each cut-out saved as it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutout import api as service
from cutout.errors import CutoutError, RefusedError
from cutout.files import remove_parts, write_atomically
from cutout.state import KEY_SECONDS, UPLOAD_SECONDS, Order

if TYPE_CHECKING:
    from cutout.api import Api
    from cutout.report import Report
    from cutout.state import Item, State

LARGEST_INLINE = 4_400_000
LARGEST_UPLOAD = 10_000_000
LARGEST_BATCH = 500
ROUNDS = 5
"""How often photos are sent again that did not arrive in time, on a line that is slow."""


class NotAgreedError(CutoutError):
    pass


@dataclass(slots=True)
class Run:
    """`fields`: tier and options, as the API has them. `agree` is asked before several photos are sent."""

    api: Api
    state: State
    fields: dict[str, Any]
    report: Report
    agree: Callable[[int, int], bool]

    def __call__(self, items: Sequence[Item]) -> None:
        """Raises a `CutoutError` where it cannot go on; what was begun then stands in the state."""
        remove_parts(self.state.folder)
        for order in list(self.state.orders):
            self._resume(order)
        new = self._new(items)
        if not new:
            return
        if not self._agreed(new):
            raise NotAgreedError("Nothing was sent.")
        late: list[Item] = []
        for _ in range(ROUNDS):
            late = []
            for first in range(0, len(new), LARGEST_BATCH):
                part = new[first : first + LARGEST_BATCH]
                inline = len(new) == 1 and part[0].size <= LARGEST_INLINE
                late += self._carry_out(self.state.add(part, inline=inline))
            if not (new := late):
                return
        for item in late:
            self.report.failed(item, "too_slow", "It could not be sent within a quarter of an hour.")

    # ---- what there is to do ---------------------------------------------------------------------

    def _resume(self, order: Order) -> None:
        """Finishes what an earlier run ordered. What of it did not arrive in time is like new."""
        if not order.batch_id and order.age() > KEY_SECONDS:
            self.state.remove(order)
            return
        self.report.say(f"Going on with {len(order.items):,} of an earlier run.")
        try:
            self._carry_out(order)
        except RefusedError as error:
            if error.code not in ("batch_not_found", "job_not_found", "idempotency_key_reused"):
                raise
            self.state.remove(order)  # Erased since, or the photo is another one now.

    def _new(self, items: Sequence[Item]) -> list[Item]:
        """What is neither there nor reported yet, nor refused before it is sent."""
        reported = {result["photo"] for result in self.report.results}
        new = []
        for item in items:
            if item.photo in reported:
                continue
            if Path(item.output).exists():
                self.report.skipped(item)
            elif not 0 < item.size <= LARGEST_UPLOAD:
                code = "image_too_large" if item.size else "empty_image"
                self.report.failed(item, code, f"It has {item.size:,} bytes; 1 to {LARGEST_UPLOAD:,} are taken.")
            else:
                new.append(item)
        return new

    def _agreed(self, new: Sequence[Item]) -> bool:
        if len(new) == 1:
            return True
        parts = [len(new[first : first + LARGEST_BATCH]) for first in range(0, len(new), LARGEST_BATCH)]
        return self.agree(len(new), sum(self.api.price(images, self.fields["tier"]) for images in parts))

    # ---- doing it --------------------------------------------------------------------------------

    def _carry_out(self, order: Order) -> list[Item]:
        """To its end; the photos that did not arrive in time."""
        late = self._inline(order) if order.inline else self._batch(order)
        self.state.remove(order)
        return late

    def _inline(self, order: Order) -> list[Item]:
        (item,) = order.items
        task = self.report.begin("cutting out", 1)
        try:
            job = self.api.remove(Path(item.photo), item.name, self.fields, order.key)
            while job["status"] in service.OPEN:
                job = self.api.job(job["jobId"], wait=20)
            self._end(item, job)
        except (RefusedError, OSError) as error:
            self._fail(order, item, error)
        self.report.advance(task)
        return []

    def _batch(self, order: Order) -> list[Item]:
        forms = self._forms(order)
        by_job = {item.job_id: item for item in order.items}
        task = self.report.begin("cutting out", len(order.items))
        late: list[Item] = []
        senders, savers = ThreadPoolExecutor(service.AT_ONCE), ThreadPoolExecutor(service.AT_ONCE)
        try:
            sent = {job: senders.submit(self.api.upload, form, Path(by_job[job].photo)) for job, form in forms.items()}
            saved: dict[str, Future[None]] = {}
            open_jobs = dict(by_job)
            while open_jobs:
                jobs = {job["jobId"]: job for job in self.api.batch(order.batch_id, wait=service.WAIT)["items"]}
                for job_id, item in list(open_jobs.items()):
                    job = jobs.get(job_id, {"jobId": job_id, "status": "erased"})
                    if not self._is_over(job, sent.get(job_id), order):
                        continue
                    del open_jobs[job_id]
                    if job["status"] in ("awaiting_upload", "expired"):
                        late += [item] if self._is_late(item, sent.get(job_id)) else []
                        self.report.advance(task)
                    else:
                        saved[job_id] = savers.submit(self._end, item, job)
                        saved[job_id].add_done_callback(lambda _: self.report.advance(task))
            for job_id, end in saved.items():
                try:
                    end.result()
                except (RefusedError, OSError) as error:
                    self._fail(order, by_job[job_id], error)
        finally:
            senders.shutdown(cancel_futures=True)
            savers.shutdown(cancel_futures=True)
        return late

    def _forms(self, order: Order) -> dict[str, Any]:
        """Creates the batch, or finds the one that was created, and returns the forms of the photos that it awaits."""
        is_awaited = order.age() < UPLOAD_SECONDS
        if order.batch_id and not is_awaited:
            return {}
        body = {**self.fields, "files": [{"fileName": item.name, "size": item.size} for item in order.items]}
        try:
            batch = self.api.create_batch(body, order.key)
        except RefusedError as error:
            self._forget(order, error)
            raise
        order.batch_id = batch["batchId"]
        for item, job in zip(order.items, batch["items"], strict=True):
            item.job_id = job["jobId"]
        self.state.save()
        return {job["jobId"]: job["upload"] for job in batch["items"] if "upload" in job}

    def _is_over(self, job: dict[str, Any], sent: Future[None] | None, order: Order) -> bool:
        if job["status"] != "awaiting_upload":
            return job["status"] not in service.OPEN
        if sent is None:
            return order.age() > UPLOAD_SECONDS
        return sent.done() and sent.exception() is not None

    def _is_late(self, item: Item, sent: Future[None] | None) -> bool:
        """Whether the photo may be sent again; if not, why is reported, or raised where it concerns all."""
        error = sent.exception() if sent else None
        if error is None or (isinstance(error, RefusedError) and error.status == 403):  # The form has run out.
            return True
        if isinstance(error, RefusedError | OSError):
            self.report.failed(item, getattr(error, "code", "unreadable"), str(error))
            return False
        raise error

    def _end(self, item: Item, job: dict[str, Any]) -> None:
        """Saves the cut-out of a job that has ended, or reports why there is none."""
        if job["status"] != "completed":
            why = job.get("error", {"code": job["status"], "detail": f"The job was {job['status']}."})
            self.report.failed(item, why["code"], why["detail"], job["jobId"])
            return
        if not Path(item.output).exists():
            if "result" not in job:
                job = self.api.job(job["jobId"])
            Path(item.output).parent.mkdir(parents=True, exist_ok=True)
            self.api.download(job["result"]["url"], partial(_save, Path(item.output)))
        self.report.done(item, job)

    def _fail(self, order: Order, item: Item, error: RefusedError | OSError) -> None:
        if isinstance(error, RefusedError) and not error.is_about_the_photo:
            if order.inline:
                self._forget(order, error)
            raise error
        self.report.failed(item, getattr(error, "code", "unreadable"), str(error))

    def _forget(self, order: Order, error: RefusedError) -> None:
        """Where the service did not take the order on, nothing is left to go on with."""
        if not order.batch_id and error.status in (400, 402, 413, 422, 429):
            self.state.remove(order)


def _save(file: Path, content: Iterator[bytes]) -> None:
    write_atomically(file, content)
