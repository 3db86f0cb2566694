"""Help at once: what a sheet that calls for it is answered with."""

from contextlib import suppress
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from coach.safety.services import call_for_help
from wellness.consent.gate import PersonLeft
from wellness.studies.models import Enrollment


def support(
    request: HttpRequest, *, enrollment: Enrollment, severity: str, kept: bool, now: datetime
) -> HttpResponse:
    """The page of help, in this very response; an answer that was not kept raises its alert here."""
    if not kept:
        with suppress(PersonLeft):  # help is shown; whom it would tell of knows the person no more
            call_for_help(enrollment=enrollment, severity=severity, source="unfinished sheet", now=now)
    context = {"title": "You are not alone", "severity": severity, "study": enrollment.study}
    return render(request, "participant/support.html", context)
