from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class SiteConfig(AppConfig):
    name = "wellness"
    label = "wellness"
    verbose_name = "Wellness"

    def ready(self) -> None:
        from wellness import celery, checks  # noqa: F401, PLC0415  binds the tasks, registers the checks


class StaticFiles(StaticFilesConfig):
    """Only what pages use: of Bootstrap one style sheet, of django-htmx no extensions.

    The extensions must stay out: a comment in one names a module that is not shipped, so collecting fails.
    """

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "django_htmx/ext/*",
        "htmax-*",
        "htmx-4*",
        "bootstrap-*",
        "bootstrap.css*",
        "bootstrap.rtl*",
        "*.cjs.js",
        "*.d.ts",
    ]
