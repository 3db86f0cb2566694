from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save


class DecisionsConfig(AppConfig):
    name = "coach.decisions"
    label = "coach_decisions"
    verbose_name = "Decisions"

    def ready(self) -> None:
        from coach.decisions import outcomes, services
        from coach.decisions.models import Decision, DecisionPoint, Outcome
        from coach.decisions.models.outcome import OutcomeQuerySet
        from coach.decisions.models.point import DecisionPointQuerySet
        from phenotyping.intake import hooks
        from phenotyping.intake.hooks import Span
        from wellness.consent.erasure.registry import erases
        from wellness.consent.hooks import on_leaving, on_withdrawal
        from wellness.lib.clock import ZoneHistory
        from wellness.studies.models import Enrollment, ZoneChange
        from wellness.work.kinds import Kind, register

        def due_points(now: datetime) -> DecisionPointQuerySet:
            return DecisionPoint.objects.due(now)

        def due_outcomes(now: datetime) -> OutcomeQuerySet:
            return Outcome.objects.due(now)

        def samples_stored(enrollment: Enrollment, spans: Sequence[Span], zones: ZoneHistory) -> None:
            outcomes.mark_stale(enrollment, spans)

        def zone_changed(instance: ZoneChange, **_: Any) -> None:
            services.replan(enrollment=Enrollment.objects.get(pk=instance.enrollment_id))

        hooks.on_stored(samples_stored)
        on_withdrawal(services.cancel)
        on_leaving(outcomes.give_up)
        erases(DecisionPoint)
        erases(Decision)
        erases(Outcome)
        post_save.connect(zone_changed, sender=ZoneChange, weak=False)
        post_delete.connect(zone_changed, sender=ZoneChange, weak=False)
        register(Kind("decision", "decide", due_points, services.decide))
        register(Kind("outcome", "compute", due_outcomes, outcomes.close))
