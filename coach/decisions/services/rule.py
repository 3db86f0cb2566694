"""Publishing rules: what is published is sound, has content to offer and consent to ask for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from coach.decisions.models import DecisionPoint, DecisionRule
from coach.decisions.spec import RuleSpec, spec_of
from coach.decisions.variables import REGISTRY
from coach.library.models import Intervention, Message
from coach.rules.problems import RuleError
from coach.rules.tree import parse
from wellness.consent.models import ConsentDocument, ConsentScope
from wellness.consent.purposes import INTERVENE
from wellness.lib.canonical import digest
from wellness.lib.refusal import Refusal
from wellness.studies.models import Study


@transaction.atomic
def publish_rule(
    *, study: Study, body: Mapping[str, Any], now: datetime, priority: int = 100
) -> DecisionRule:
    """The next version of a rule, in force from the next planning on; Refusal when it is not sound.

    Of rules that are due at one instant, the one with the lowest `priority` decides.
    """
    spec = spec_of(body)
    for part in ("available_if", "offer_if"):
        _require_no_idle_parts(body, part)
    _require_content(spec)
    _require_offered_consent(study, spec)
    Study.objects.select_for_update().get(pk=study.pk)  # versions are counted one at a time
    known = DecisionRule.objects.filter(study=study, name=spec.name).order_by("-version").first()
    # Points that the version before has planned and not come to are the new one's to plan.
    DecisionPoint.objects.filter(rule=known, closed_at=None, due_at__gt=now).delete()
    return DecisionRule.objects.create(
        study=study,
        name=spec.name,
        version=known.version + 1 if known else 1,
        priority=priority,
        body=body,
        body_sha256=digest(body),
        published_at=now,
    )


def rules_in_force(study: Study) -> list[DecisionRule]:
    """The latest version of each rule of a study, in order of priority."""
    latest: dict[str, DecisionRule] = {}
    for rule in DecisionRule.objects.filter(study=study).order_by("name", "version"):
        latest[rule.name] = rule
    return sorted(latest.values(), key=lambda rule: (rule.priority, rule.name))


def _require_no_idle_parts(body: Mapping[str, Any], part: str) -> None:
    try:
        if part in body:
            parse(body[part], REGISTRY)
    except RuleError as error:
        raise Refusal("rule_invalid", str(error), field=part) from error


def _require_content(spec: RuleSpec) -> None:
    """Refusal when an option names no intervention in use, or one without approved words."""
    worded = Message.objects.filter(approved_at__isnull=False).values("intervention")
    ready = set(Intervention.objects.approved().filter(pk__in=worded).values_list("slug", flat=True))
    for arm, intervention in spec.arms.items():
        if intervention not in ready:
            message = f"Option {arm!r} offers {intervention!r}, which has no approved content."
            raise Refusal("rule_without_content", message, field="options")


def _require_offered_consent(study: Study, spec: RuleSpec) -> None:
    """Refusal when the rule reads a stream for which no document of the study asks."""
    published = ConsentDocument.objects.filter(study=study, state=ConsentDocument.State.PUBLISHED)
    if not published.exists():
        return
    asked = ConsentScope.objects.filter(document__in=published, purpose=INTERVENE)
    missing = sorted(spec.streams() - set(asked.values_list("stream", flat=True)))
    if missing:
        message = f"The consent document does not ask to use {', '.join(missing)} for suggestions."
        raise Refusal("rule_without_consent", message, field="rule")
