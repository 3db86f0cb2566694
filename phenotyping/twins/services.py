"""Fitting twins: one person's all variables from their days, under their consent."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Min

from phenotyping.days.models import Day
from phenotyping.days.selectors import Series, series, visible_phenotypes
from phenotyping.dynamics.prior import Prior
from phenotyping.features.registry import REGISTRY
from phenotyping.twins.fitting import Fitted, fitted
from phenotyping.twins.models import CohortPrior, Forecast, Twin
from phenotyping.twins.sealed import keep_only, opened_week, sealed_state, sealed_week
from phenotyping.twins.variables import MODEL_VERSION, WINDOW_DAYS
from wellness.consent import gate
from wellness.consent.purposes import CONSENT_STREAMS, INTERVENE, MODEL, Scope
from wellness.studies.models import Enrollment
from wellness.work.claims import LeaseLost


def mark_stale(*, enrollment: Enrollment, now: datetime) -> None:
    """Make the person's twin due; their first computed day creates it."""
    twin, created = Twin.objects.get_or_create(enrollment=enrollment, defaults={"run_after": now})
    if not created:
        Twin.objects.filter(pk=twin.pk).update(stale_seq=F("stale_seq") + 1)


def fit(pk: int, fence: int, now: datetime) -> None:
    """Bring one claimed twin up to date; LeaseLost when the claim or the consent it began under is gone."""
    twin = Twin.objects.select_related("enrollment__study").get(pk=pk)
    usable = visible_phenotypes(twin.enrollment, MODEL, now)
    days = history(twin.enrollment, usable, now)
    _store(twin, fence, usable, fitted(days, _priors(twin.enrollment)) if days else None, now)


def history(enrollment: Enrollment, variables: frozenset[str], now: datetime) -> Series | None:
    """The person's finished, computed days up to `now`; None before the first."""
    finished = Day.objects.computed().filter(enrollment=enrollment, ends_at__lte=now)
    edges = finished.aggregate(first=Min("on"), last=Max("on"))
    if edges["last"] is None or not variables:
        return None
    first_on = max(edges["first"], edges["last"] - timedelta(days=WINDOW_DAYS - 1))
    names = [name for name in REGISTRY if name in variables]
    return series(enrollment, names, first_on, edges["last"], purpose=MODEL, at=now)


def _priors(enrollment: Enrollment) -> dict[str, Prior]:
    """What the study's people lend; nothing that somebody who lends no more had a part in."""
    rows = CohortPrior.objects.filter(study=enrollment.study, model_version=MODEL_VERSION, outdated_at=None)
    return {row.variable: Prior.from_json(row.parameters) for row in rows}


@transaction.atomic
def _store(twin: Twin, fence: int, usable: frozenset[str], result: Fitted | None, now: datetime) -> None:
    person = gate.lock(twin.enrollment)
    if visible_phenotypes(person, MODEL, now) != usable:
        raise LeaseLost("consent changed while the twin was fitted")
    permits = gate.permitted(person, MODEL, CONSENT_STREAMS, at=now).values()
    state = result.state if result else {}
    n = Twin.objects.filter(pk=twin.pk, fence=fence).update(
        computed_seq=twin.stale_seq,
        fitted_at=now,
        model_version=MODEL_VERSION,
        stage=_stage(person, result, now),
        sealed_state=sealed_state(person, state) if state else None,
        n_variables=len(state),
        n_days=result.n_days if result else 0,
        consent_epoch=person.consent_epoch,
        consent_events=sorted({pk for permit in permits for pk in permit.event_ids}),
    )
    if n == 0 or not Twin.objects.all().release(twin.pk, fence):
        raise LeaseLost(f"twin {twin.pk}")
    if result and result.ahead:
        _store_forecast(twin, person, result, now)


def _store_forecast(twin: Twin, person: Enrollment, result: Fitted, now: datetime) -> None:
    """Keep the forecast unless the latest of this origin says the same."""
    made = Forecast.objects.filter(enrollment=person, origin_on=result.origin_on)
    latest = made.order_by("-made_at").first()
    if latest and opened_week(person, latest) == result.ahead:
        return
    Forecast.objects.update_or_create(
        enrollment=person,
        origin_on=result.origin_on,
        made_at=now,
        defaults={
            "twin": twin,
            "model_version": MODEL_VERSION,
            "n_variables": len(result.ahead),
            "sealed_values": sealed_week(person, result.origin_on, result.ahead),
            "consent_epoch": person.consent_epoch,
        },
    )


def _stage(person: Enrollment, result: Fitted | None, now: datetime) -> str:
    """Static before a fit, mirror after the first, shadow once it follows days, intelligent if coaching."""
    if result is None or not result.state:
        return Twin.Stage.STATIC
    if gate.permitted(person, INTERVENE, CONSENT_STREAMS, at=now):
        return Twin.Stage.INTELLIGENT
    return Twin.Stage.SHADOW if Forecast.objects.filter(enrollment=person).exists() else Twin.Stage.MIRROR


def consent_withdrawn(enrollment: Enrollment, revoked: frozenset[Scope], now: datetime) -> None:
    """Drop at once, in the withdrawal's transaction, what may no longer be modelled; fit the rest again."""
    if not any(purpose == MODEL for purpose, _ in revoked):
        return
    keep_only(enrollment, visible_phenotypes(enrollment, MODEL, now))
    Twin.objects.filter(enrollment=enrollment).update(stale_seq=F("stale_seq") + 1, attempts=0)
