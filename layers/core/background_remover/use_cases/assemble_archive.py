"""The archive of a batch: every result under its photo's name, and a manifest of what became of each photo."""

from __future__ import annotations

import json
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any

from background_remover.domain.batches import Archive, Batch
from background_remover.domain.file_names import EXTENSIONS, MANIFEST, archive_names
from background_remover.domain.job_errors import BatchNotFoundError
from background_remover.domain.jobs import Failure, Job, Result
from background_remover.gateways.object_store import archive_key, result_key
from background_remover.gateways.zip_stream import Member, zip_stream
from background_remover.observability import count, logger

if TYPE_CHECKING:
    from background_remover.gateways.batch_store import BatchStore
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.gateways.work_queue import BatchMessage


RESULT_DELETED = Failure("result_deleted", "The result was deleted before the archive was made.")

_PIECE = 8 * 1024 * 1024
_PIECES_AHEAD = 4
"""Read while earlier ones are stored, so that S3's time to answer is not waited out 500 times."""


@dataclass(frozen=True, slots=True)
class _Delivery:
    name: str
    job: Job
    result: Result


@dataclass(frozen=True, slots=True)
class _Piece:
    delivery: _Delivery
    content: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembleArchive:
    batches: BatchStore
    objects: ObjectStore
    clock: Callable[[], datetime]

    def __call__(self, message: BatchMessage) -> None:
        """Returns when the message may be deleted; a repeat does nothing, or the same again where it did not finish."""
        try:
            batch = self.batches.get(message.user_id, message.batch_id)
        except BatchNotFoundError:
            logger.info("Nothing to do: the batch has reached its retention")
            return
        if not batch.has_ended or not batch.completed or batch.archive or batch.archive_failure:
            logger.info("Nothing to do: the batch has no archive to come")
            return
        with ThreadPoolExecutor(_PIECES_AHEAD) as readers:
            content = zip_stream(self._members(batch, readers), batch.created_at)
            size = self.objects.put_stream(archive_key(batch), content, "application/zip")
        self.batches.complete_archive(batch, Archive(size=size, ready_at=self.clock()))
        count("ArchivesAssembled")

    def _members(self, batch: Batch, readers: ThreadPoolExecutor) -> Iterator[Member]:
        """The manifest comes last: what is missing shows only when it is to be read."""
        jobs = self.batches.all_items(batch)
        if not all(job.has_ended for job in jobs):
            raise RuntimeError("The batch has ended and one of its jobs has not: the archive would lack it.")
        names: dict[str, str] = {}
        pieces = self._pieces(_deliveries(batch, jobs), readers)
        for delivery, its_pieces in groupby(pieces, key=lambda piece: piece.delivery):
            first = next(its_pieces)
            if first.content is None:
                logger.warning("A result is missing", job_id=delivery.job.job_id)
                continue
            names[delivery.job.job_id] = delivery.name
            # A result that is deleted half-way is too short: the archive is not stored, and a repeat finds it missing.
            chunks = (piece.content or b"" for piece in chain([first], its_pieces))
            yield Member(delivery.name, delivery.result.size, delivery.result.crc32, chunks)
        manifest = json.dumps(_manifest(batch, jobs, names), ensure_ascii=False, indent=1).encode(errors="replace")
        yield Member(MANIFEST, len(manifest), zlib.crc32(manifest), [manifest])

    def _pieces(self, deliveries: Iterable[_Delivery], readers: ThreadPoolExecutor) -> Iterator[_Piece]:
        """All results in order, each in one or more pieces. Whole pieces are asked for, so that excess bytes show."""

        def read(delivery: _Delivery, start: int) -> _Piece:
            return _Piece(delivery, self.objects.piece(result_key(delivery.job), start=start, size=_PIECE))

        reading: deque[Future[_Piece]] = deque()
        for delivery in deliveries:
            for start in range(0, delivery.result.size, _PIECE):
                if len(reading) == _PIECES_AHEAD:
                    yield reading.popleft().result()
                reading.append(readers.submit(read, delivery, start))
        while reading:
            yield reading.popleft().result()


def _deliveries(batch: Batch, jobs: Iterable[Job]) -> list[_Delivery]:
    completed = [(job, job.result) for job in jobs if job.result]
    originals = [job.source.file_name or job.job_id for job, _ in completed]
    names = archive_names(originals, EXTENSIONS[batch.options.format])
    return [_Delivery(name, job, result) for name, (job, result) in zip(names, completed, strict=True)]


def _manifest(batch: Batch, jobs: Iterable[Job], names: Mapping[str, str]) -> dict[str, Any]:
    """`names` has the jobs whose results are in the archive."""
    return {
        "batchId": batch.batch_id,
        "tier": batch.tier,
        "createdAt": batch.created_at.isoformat(),
        "files": [_file(job, names.get(job.job_id)) for job in jobs],
    }


def _file(job: Job, name: str | None) -> dict[str, Any]:
    error = RESULT_DELETED if job.result and not name else job.failure
    return {
        "fileName": job.source.file_name,
        **({"name": name} if name else {}),
        "jobId": job.job_id,
        "status": job.status,
        "tier": job.tier,
        "credits": job.price if job.result else 0,
        **({"deliveredTier": job.result.tier} if job.result else {}),
        **({"error": asdict(error)} if error else {}),
    }
