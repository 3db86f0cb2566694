"""Who may open a page: anonymous people sign in first; for others without the role there is no such page."""

from http import HTTPStatus
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.generic import View

from wellness.accounts.models import User
from wellness.studies.models import Enrollment, Membership, Role
from wellness.web.trail import looked_at_own

STAFF_ROLES = {
    "clinician": (Role.CLINICIAN,),
    "coordinator": (Role.COORDINATOR, Role.ADMINISTRATOR, Role.ANALYST, Role.AUDITOR, Role.REGULATOR),
}


def own_enrollments(user: User) -> QuerySet[Enrollment]:
    """The user's own enrollments, the one to show first: active ones, then the latest."""
    mine = Enrollment.objects.of(user).select_related("study").prefetch_related("zone_changes")
    return mine.order_by("phase", "-started_at")  # "active" sorts before the other phases


def surfaces(user: User) -> list[str]:
    """The parts of the site that the user has a role in."""
    held = set(Membership.objects.filter(user=user, ended_at=None).values_list("role", flat=True))
    found = ["participant"] if Enrollment.objects.of(user).exists() else []
    return found + [name for name, roles in STAFF_ROLES.items() if held.intersection(roles)]


class Page(LoginRequiredMixin, View):
    """A page about people: never cached, never shown to someone without its role."""

    request: HttpRequest

    def may_enter(self, user: User) -> bool:
        """True when the user has this page's role."""
        raise NotImplementedError

    @property
    def user(self) -> User:
        """Who is signed in."""
        assert isinstance(self.request.user, User)  # nosec B101 # noqa: S101  dispatch let nobody else in
        return self.request.user

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        if not self.may_enter(self.user):
            raise Http404
        with timezone.override(self.zone()):
            response = super().dispatch(request, *args, **kwargs)
            if isinstance(response, TemplateResponse):
                response.render()  # here, where the clock is the reader's
        response["Cache-Control"] = "no-store"
        return response

    def zone(self) -> ZoneInfo:
        """The time zone that times are shown in."""
        return ZoneInfo("UTC")


class StaffPage(Page):
    """A page for members of staff with one of the roles, in any study; the query decides which objects."""

    roles: ClassVar[tuple[str, ...]] = ()

    def may_enter(self, user: User) -> bool:
        return Membership.objects.filter(user=user, ended_at=None, role__in=self.roles).exists()


class ParticipantPage(Page):
    """A page of the person's own part in a study."""

    enrollment: Enrollment

    def may_enter(self, user: User) -> bool:
        found = own_enrollments(user).first()
        if found is None:
            return False
        self.enrollment = found
        return True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        if request.method == "GET" and response.status_code == HTTPStatus.OK:
            page = request.resolver_match.view_name if request.resolver_match else ""
            looked_at_own(self.enrollment, user=self.user, page=page, now=timezone.now())
        return response

    def zone(self) -> ZoneInfo:
        """Where the person's own clock is."""
        return ZoneInfo(self.enrollment.zones().at(timezone.now()))


class PartialMixin:
    """Answers htmx with the page's partial alone; the same partial is part of the full page."""

    partial_name: ClassVar[str]
    request: HttpRequest

    def get_template_names(self) -> list[str]:
        """The partial for htmx, the page for everyone else."""
        htmx = getattr(self.request, "htmx", None)
        partly = htmx and not htmx.history_restore_request  # Back asks for the page, not for a part of it
        return [self.partial_name] if partly else super().get_template_names()  # type: ignore[misc]

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> Any:
        """The response, kept apart in caches for htmx and others."""
        response = super().render_to_response(context, **kwargs)  # type: ignore[misc]
        patch_vary_headers(response, ["HX-Request"])
        return response
