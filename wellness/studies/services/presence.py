"""Whether a person is still here: what is written about them must not be written after they left for good."""

from __future__ import annotations

from wellness.lib.refusal import Refusal
from wellness.studies.models import GONE, Enrollment


def require_here(enrollment: Enrollment) -> None:
    """Lock the person until the transaction ends; Refusal when they left for good."""
    rows = Enrollment.objects.select_for_update(of=("self",), no_key=True).filter(pk=enrollment.pk)
    if not rows.exclude(phase__in=GONE).exists():
        raise Refusal("consent_withdrawn", "This person has left.", status=403)
