"""Studies, their sites, and the versions of their protocol."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from wellness.audit.services import SERVICE, SYSTEM_CHAIN, Actor, record
from wellness.lib.canonical import digest
from wellness.studies.models import Protocol, Site, Study
from wellness.studies.protocol import require_clear


@transaction.atomic
def create_study(
    *,
    slug: str,
    name: str,
    kind: str = Study.Kind.RESEARCH,
    target_n: int = 0,
    actor: Actor = SERVICE,
) -> Study:
    """A new study, without people yet."""
    study = Study.objects.create(slug=slug, name=name, kind=Study.Kind(kind), target_n=target_n)
    record(chain=SYSTEM_CHAIN, actor=actor, action="study.create", object=f"study:{study.public_id}")
    return study


def add_site(*, study: Study, slug: str, name: str) -> Site:
    """A new site of a study."""
    return Site.objects.create(study=study, slug=slug, name=name)


@transaction.atomic
def publish_protocol(
    *, study: Study, body: dict[str, Any], now: datetime, actor: Actor = SERVICE
) -> Protocol:
    """The next version of a study's protocol; Refusal when it asks for what phones cannot send."""
    require_clear(body)
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # versions are counted one writer at a time
    last = Protocol.objects.filter(study=study).order_by("-version").first()
    protocol = Protocol.objects.create(
        study=study,
        version=last.version + 1 if last else 1,
        body=body,
        body_sha256=digest(body),
        published_at=now,
    )
    record(
        chain=SYSTEM_CHAIN,
        actor=actor,
        action="protocol.publish",
        object=f"study:{study.public_id}",
        reason=f"version {protocol.version}",
        at=now,
    )
    return protocol
