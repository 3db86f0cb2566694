"""Carrying out a departure: recorded steps, each of which may be cut short and run again."""

from __future__ import annotations

import time
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from wellness.audit.services import SERVICE, enrollment_chain, record
from wellness.consent.erasure import receipts, registry
from wellness.consent.erasure.registry import Step
from wellness.consent.models import ErasureRequest
from wellness.consent.modes import ANONYMISE, ERASE
from wellness.studies.models import Enrollment
from wellness.work.claims import LeaseLost
from wellness.work.tasks import wake

BUDGET_S = 120.0  # less than a lease; what is left keeps the request due
KIND = "erasure"


class NotEmpty(Exception):
    """Something of an erased person is still there; the job will be tried again, and then given up loudly."""


def ask(person: Enrollment, mode: str, event_id: UUID, now: datetime) -> ErasureRequest | None:
    """The due request of somebody who leaves, in their withdrawal's transaction; None when all stays."""
    if mode not in (ERASE, ANONYMISE):
        return None
    receipt = receipts.begin(mode, event_id, now) if mode == ERASE else None
    request = ErasureRequest.objects.create(
        enrollment=person, mode=mode, event_id=event_id, requested_at=now, run_after=now, receipt=receipt
    )
    wake(KIND, request.pk)
    return request


def run(pk: int, fence: int, now: datetime) -> None:
    """Bring one claimed request to its end, or as far as there is time; LeaseLost when the claim is gone."""
    request = ErasureRequest.objects.select_related("enrollment__study", "receipt").get(pk=pk)
    until = time.monotonic() + BUDGET_S
    if not request.done:
        _take_stock(request, fence)
    for step in registry.steps(request.mode):
        while step.name not in request.done and time.monotonic() < until:
            _take(request, fence, step, now)
    if any(step.name not in request.done for step in registry.steps(request.mode)):
        ErasureRequest.objects.all().release(pk, fence)
        return
    _finish(request, fence, now)
    _truncate_log()


def _take_stock(request: ErasureRequest, fence: int) -> None:
    """Count what there is before any of it goes: the receipt says it, however often the job is cut short."""
    with transaction.atomic():
        _require_claim(request, fence)
        request.counts = {name: n for name, n in _left(request).items() if n}
        request.done = ["stock"]
        request.save(update_fields=["counts", "done"])


def _take(request: ErasureRequest, fence: int, step: Step, now: datetime) -> None:
    act = step.erase if request.mode == ERASE else step.anonymise
    assert act is not None  # nosec B101 # noqa: S101  registry.steps leaves out those that have none
    if step.outside and act(request.enrollment, now) is False:
        return
    with transaction.atomic():
        _require_claim(request, fence)
        if not step.outside:
            act(request.enrollment, now)
        request.done.append(step.name)
        request.save(update_fields=["done"])


def _finish(request: ErasureRequest, fence: int, now: datetime) -> None:
    """Look once more that nothing is left, then say so: in the receipt and in the person's chain."""
    left = {name for name, n in _left(request).items() if n} if request.mode == ERASE else set()
    if left:
        request.done = [name for name in request.done if name not in left]
        request.save(update_fields=["done"])
        raise NotEmpty(", ".join(sorted(left)))
    with transaction.atomic():
        _require_claim(request, fence)
        request.finished_at = now
        request.save(update_fields=["finished_at"])
        if request.receipt:
            receipts.finish(request.receipt, request, now)
        record(
            chain=enrollment_chain(request.enrollment.public_id),
            actor=SERVICE,
            action=f"erasure.{'erased' if request.mode == ERASE else 'anonymised'}",
            object=f"consent_event:{request.event_id}",
            at=now,
        )
        if not ErasureRequest.objects.all().release(request.pk, fence):
            raise LeaseLost(f"erasure {request.pk}")


def _left(request: ErasureRequest) -> dict[str, int]:
    counted = [one for one in registry.steps(ERASE) if one.left]
    return {one.name: one.left(request.enrollment) for one in counted if one.left}


def _require_claim(request: ErasureRequest, fence: int) -> None:
    if ErasureRequest.objects.select_for_update().filter(pk=request.pk, fence=fence).first() is None:
        raise LeaseLost(f"erasure {request.pk}")


def _truncate_log() -> None:
    """SQLite's log still holds pages as they were: written back and cut, nothing of the person is in it."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
