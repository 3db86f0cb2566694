from celery.signals import task_postrun, task_prerun
from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "wellness.audit"
    label = "wellness_audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        from wellness.audit import context

        task_prerun.connect(context.task_begins)
        task_postrun.connect(context.task_ended)
