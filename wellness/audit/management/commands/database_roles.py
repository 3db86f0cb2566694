"""manage.py database_roles: the SQL that gives PostgreSQL's roles what they need and no more."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from wellness.audit.roles import statements


class Command(BaseCommand):
    help = "Print the SQL for the roles of PostgreSQL; run it as the tables' owner after each migration."

    def add_arguments(self, parser: CommandParser) -> None:
        """Names of roles that exist."""
        parser.add_argument("--app", default="wellness_app", help="what the site connects as")
        parser.add_argument("--auditor", default="wellness_auditor", help="who reads the record")

    def handle(self, *_: Any, **options: Any) -> None:
        """The statements, one a line, in one transaction."""
        wanted = statements(app=options["app"], auditor=options["auditor"])
        self.stdout.write("\n".join(f"{one};" for one in ("BEGIN", *wanted, "COMMIT")))
