"""Django's admin for operators: behind the same door as everything, to look and not to change.

It shows what the platform is set up as, never a person: whoever takes part is reached by the study's own
pages, with consent and a record. Nothing can be changed here, so nothing changes without its entry.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver

from wellness.accounts.models import User
from wellness.accounts.presence import has_second_factor
from wellness.studies.models import Membership, Protocol, Site, Study

SHOWN: dict[type[Model], tuple[str, ...]] = {
    Study: ("slug", "name", "kind", "target_n", "created_at", "ended_at"),
    Site: ("study", "slug", "name"),
    Membership: ("study", "site", "user", "role", "created_at", "ended_at"),
    Protocol: ("study", "version", "published_at", "body_sha256"),
}
ADDRESSES = {None, "index", "logout", "jsi18n", "app_list"}  # those without a name lead to a model's


class OperatorSite(admin.AdminSite):
    """For superusers with a second factor; for others there is no such place."""

    site_header = site_title = "Wellness operators"
    index_title = "What is set up"
    final_catch_all_view = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether whoever asks is an operator who showed a second factor."""
        user = request.user
        return isinstance(user, User) and user.is_active and user.is_superuser and has_second_factor(request)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """The view for operators; strangers go to the sign-in, and for others there is no such page."""
        shown: Callable[..., HttpResponseBase] = super().admin_view(view, cacheable)

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if self.has_permission(request):
                return shown(request, *args, **kwargs)
            if request.user.is_authenticated:
                raise Http404
            return redirect_to_login(request.get_full_path())

        return guarded

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The few addresses that looking needs."""
        return [one for one in super().get_urls() if getattr(one, "name", None) in ADDRESSES]


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # generic only for the type checker
    """A list and a page of each row."""

    actions = None

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        """The list and the page; not the forms and the history, for which there is nothing to do."""
        return [one for one in super().get_urls() if str(one.name).endswith(("_changelist", "_change"))]


site = OperatorSite(name="admin")
for model, columns in SHOWN.items():
    site.register(
        model, type(f"{model.__name__}Page", (ReadOnly,), {"list_display": columns, "fields": columns})
    )
