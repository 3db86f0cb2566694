"""What could still tell who an anonymous person was, and how coarse it must become.

Site and time zone stay only where at least K people of the study share both; else the site goes, and where
too few share even the zone, that too. Instants of joining and leaving become months. Dates of days are not
shifted: their values are sealed, bound to their date, and a shift of all would hide nothing from whoever
knows one of them; nobody but a holder of the sealed data can see a date with a value.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from wellness.studies.models import Enrollment, ZoneChange

K = 5


def coarsen(person: Enrollment, now: datetime) -> None:
    """Keep of the enrollment only what K people of the study share."""
    alike = _alike(person)
    fields: dict[str, object] = {"created_at": _month(person.created_at)}
    if person.ended_at:
        fields["ended_at"] = _month(person.ended_at)
    if alike.filter(site=person.site_id).count() < K:
        fields["site"] = None
    Enrollment.objects.filter(pk=person.pk).update(**fields)


def drop_rare_zone(person: Enrollment, now: datetime) -> None:
    """Forget where the person lived where too few of the study lived."""
    if is_rare(person):
        rows = ZoneChange.objects.filter(enrollment=person)
        rows._raw_delete(rows.db)


def is_rare(person: Enrollment) -> bool:
    """Whether fewer than K people of the study live, or lived last, in the person's time zone."""
    return _alike(person).count() < K


def _alike(person: Enrollment) -> QuerySet[Enrollment]:
    last = ZoneChange.objects.filter(enrollment=OuterRef("pk")).order_by("-from_at").values("zone")[:1]
    people = Enrollment.objects.filter(study=person.study_id).annotate(zone=Subquery(last))
    mine = people.filter(pk=person.pk).values_list("zone", flat=True).first()
    return people.filter(zone=mine) if mine else people.none()


def _month(at: datetime) -> datetime:
    return at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
