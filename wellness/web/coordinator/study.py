"""A page about one study, for whoever has one of its roles there, and the way to its other pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone

from wellness.accounts.models import User
from wellness.studies.models import Enrollment, Membership, Role, Study
from wellness.web.access import StaffPage
from wellness.web.trail import looked_over

RUNNING = (Role.COORDINATOR, Role.ADMINISTRATOR)
PLACES = (
    ("board", "Progress", (Role.COORDINATOR,)),
    ("study_people", "People", RUNNING),
    ("consent_documents", "Consent", RUNNING),
    ("recipients", "Recipients", RUNNING),
    ("team", "Team", (Role.ADMINISTRATOR,)),
    ("reviews", "Reviews", (Role.ADMINISTRATOR,)),
    ("releases", "Analysis", (Role.ANALYST,)),
    ("study_record", "Record", (Role.AUDITOR,)),
    ("locked", "Locked", (Role.REGULATOR,)),
    ("processing", "Processing", (*RUNNING, Role.AUDITOR)),
)
WHOLE = ("team", "reviews", "releases")  # about everybody there, so that the role at one site is not enough


@dataclass(frozen=True)
class Place:
    """One page of a study."""

    address: str
    label: str


def places(study: Study, user: User) -> list[Place]:
    """The pages of a study that the user's roles in it open."""
    held = Membership.objects.filter(user=user, study=study, ended_at=None)
    roles = set(held.values_list("role", flat=True))
    whole = set(held.filter(site=None).values_list("role", flat=True))
    return [
        Place(reverse(name, args=[study.slug]), label)
        for name, label, theirs in PLACES
        if (whole if name in WHOLE else roles).intersection(theirs)
    ]


class StudyPage(StaffPage):
    """A page of the study in the address; without one of its roles there, there is no such page."""

    study: Study
    kwargs: dict[str, Any]

    def may_enter(self, user: User) -> bool:
        found = Study.objects.staffed_by(user, *self.roles).filter(slug=self.kwargs["slug"]).first()
        if found is None:
            return False
        self.study = found
        return True

    def note(self, action: str, people: Iterable[Enrollment]) -> None:
        """Record that this page showed these people."""
        about = f"study:{self.study.slug}"
        looked_over(people, user=self.user, action=action, purpose="", now=timezone.now(), about=about)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The study and its pages, with what the page adds."""
        context = {"study": self.study, "places": places(self.study, self.user)}
        found: dict[str, Any] = super().get_context_data(**context, **kwargs)  # type: ignore[misc]
        return found


class WholeStudyPage(StudyPage):
    """A page about everybody in the study: whoever has the role at one site only has no such page."""

    def may_enter(self, user: User) -> bool:
        if not super().may_enter(user):
            return False
        held = Membership.objects.filter(user=user, study=self.study, ended_at=None, role__in=self.roles)
        return held.filter(site=None).exists()
