from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "wellness.audit"
    label = "wellness_audit"
    verbose_name = "Audit"
