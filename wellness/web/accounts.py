"""allauth's pages with the manners of ours: an invalid form answers 422."""

from typing import Any

from allauth.account.views import LoginView, PasswordChangeView
from django.http import HttpResponse


class Unprocessable:
    """Status 422 for a form that is shown again with its errors."""

    def form_invalid(self, form: Any) -> HttpResponse:
        """The form page with its errors."""
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        if response.status_code == 200:
            response.status_code = 422
        return response


class SignIn(Unprocessable, LoginView):  # type: ignore[misc]
    """Sign in with e-mail and password."""


class ChangePassword(Unprocessable, PasswordChangeView):  # type: ignore[misc]
    """Change my password."""
