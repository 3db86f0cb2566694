from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "wellness"
    label = "wellness"
    verbose_name = "Wellness"

    def ready(self) -> None:
        from wellness import celery, checks  # noqa: F401, PLC0415  binds the tasks, registers the checks
