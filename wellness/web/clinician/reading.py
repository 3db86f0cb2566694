"""What the caseload rests on, read for all its people at once in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, Max, OuterRef, Q

from coach.safety.models import Alert
from phenotyping.days.models import Day
from phenotyping.days.selectors import DayView, view
from phenotyping.intake.models import Chunk
from phenotyping.surveys.models import Answer
from phenotyping.twins.models import Twin
from phenotyping.twins.sealed import opened_state
from wellness.accounts.models import User
from wellness.consent import gate
from wellness.consent.purposes import CONSENT_STREAMS, SHARE_CLINICIAN, SURVEY
from wellness.studies import keys
from wellness.studies.models import Enrollment, Phase, Role
from wellness.web.charts.usual import WINDOW
from wellness.web.measures import Measure, shared

SPARK_DAYS = 14


@dataclass(frozen=True)
class Dossier:
    """One person of a caseload and what their clinician may know of them."""

    enrollment: Enrollment
    today: date
    streams: frozenset[str]  # shared with the clinician
    measures: Sequence[Measure]
    days: Sequence[DayView]
    last_at: datetime | None
    checked_in_on: frozenset[date] | None  # None when check-ins are not shared
    alerts: Sequence[Alert]
    surprises: Mapping[str, float]  # of the twin, by phenotype, in standard deviations

    @property
    def shown(self) -> bool:
        """False for who shares nothing: nobody sees or counts them, unless a call for help is still open."""
        return bool(self.streams or self.alerts)


def people(user: User) -> list[Enrollment]:
    """Those in the clinician's care: taking part or paused, or withdrawn with a call for help still open."""
    calling = Exists(Alert.objects.open().filter(enrollment=OuterRef("pk")))
    visible = Enrollment.objects.in_care_of(user, Role.CLINICIAN).filter(
        Q(phase__in=(Phase.ACTIVE, Phase.PAUSED)) | Q(calling, phase=Phase.WITHDRAWN)
    )
    return list(visible.select_related("study", "site").prefetch_related("zone_changes"))


def dossiers(enrollments: Sequence[Enrollment], now: datetime) -> list[Dossier]:
    """One dossier a person, in the order given; only what they share with their clinician."""
    pks = [one.pk for one in enrollments]
    streams = gate.permitted_many(pks, SHARE_CLINICIAN, CONSENT_STREAMS, at=now)
    measures = {pk: shared(streams[pk]) for pk in pks}
    days = _days(enrollments, measures, now)
    last = _last_data(pks, {pk: frozenset(streams[pk]) for pk in pks})
    answers, alerts, surprises = _answers(pks, now), _alerts(pks), _surprises(enrollments, measures)
    found = []
    for one in enrollments:
        zones, sees_answers = one.zones(), SURVEY in streams[one.pk]
        own = answers[one.pk] if sees_answers else []
        dossier = Dossier(
            enrollment=one,
            today=zones.local_date(now),
            streams=frozenset(streams[one.pk]),
            measures=measures[one.pk],
            days=days[one.pk],
            last_at=max([*last[one.pk], *own], default=None),
            checked_in_on=frozenset(map(zones.local_date, own)) if sees_answers else None,
            alerts=alerts[one.pk],
            surprises=surprises[one.pk],
        )
        found.append(dossier)
    return found


def _days(
    enrollments: Sequence[Enrollment], measures: Mapping[int, Sequence[Measure]], now: datetime
) -> defaultdict[int, list[DayView]]:
    keys.warm(enrollments)
    by_pk = {one.pk: one for one in enrollments}
    visible = {pk: frozenset(one.phenotype for one in measures[pk]) for pk in by_pk}
    since = now.date() - WINDOW - timedelta(days=SPARK_DAYS + 1)
    found: defaultdict[int, list[DayView]] = defaultdict(list)
    for day in Day.objects.computed().filter(enrollment__in=by_pk, on__gte=since):
        if visible[day.enrollment_id]:
            found[day.enrollment_id].append(view(by_pk[day.enrollment_id], day, visible[day.enrollment_id]))
    return found


def _surprises(
    enrollments: Sequence[Enrollment], measures: Mapping[int, Sequence[Measure]]
) -> defaultdict[int, dict[str, float]]:
    """How far the last observed day was from what each person's twin expected of it."""
    by_pk = {one.pk: one for one in enrollments}
    found: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for twin in Twin.objects.filter(enrollment__in=by_pk, sealed_state__isnull=False):
        state = opened_state(by_pk[twin.enrollment_id], twin) if measures[twin.enrollment_id] else {}
        for measure in measures[twin.enrollment_id]:
            surprise = state.get(measure.phenotype, {}).get("surprise")
            if surprise is not None:
                found[twin.enrollment_id][measure.phenotype] = surprise
    return found


def _last_data(pks: Sequence[int], streams: Mapping[int, frozenset[str]]) -> defaultdict[int, list[datetime]]:
    """The latest sample of each shared stream."""
    live = Chunk.objects.filter(enrollment__in=pks, state=Chunk.State.LIVE).order_by()
    found: defaultdict[int, list[datetime]] = defaultdict(list)
    for pk, stream, at in live.values_list("enrollment_id", "stream").annotate(Max("last_at")):
        if stream in streams[pk]:
            found[pk].append(at)
    return found


def _answers(pks: Sequence[int], now: datetime) -> defaultdict[int, list[datetime]]:
    given = Answer.objects.filter(enrollment__in=pks, recorded_at__gt=now - timedelta(days=SPARK_DAYS + 1))
    found: defaultdict[int, list[datetime]] = defaultdict(list)
    for pk, at in given.values_list("enrollment_id", "recorded_at"):
        found[pk].append(at)
    return found


def _alerts(pks: Sequence[int]) -> defaultdict[int, list[Alert]]:
    found: defaultdict[int, list[Alert]] = defaultdict(list)
    alerts = Alert.objects.open().select_related("acknowledged_by").filter(enrollment__in=pks)
    for alert in alerts.order_by("raised_at"):
        found[alert.enrollment_id].append(alert)
    return found
