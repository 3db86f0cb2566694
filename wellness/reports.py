"""Django's reports of a crash: with all values for a developer, without any on a real site."""

from django.conf import settings
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

from wellness.logs import frames


class Report(ExceptionReporter):
    """Where it crashed; what was in its variables and in the request stays in the process."""

    def get_traceback_text(self) -> SafeString:
        """The report as text."""
        return super().get_traceback_text() if settings.DEBUG else escape(self._frames())

    def get_traceback_html(self) -> SafeString:
        """The report as a page."""
        return super().get_traceback_html() if settings.DEBUG else escape("")

    def _frames(self) -> str:
        return "\n".join(frames(self.exc_value)) if self.exc_value else ""
