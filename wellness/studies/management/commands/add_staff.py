"""manage.py add_staff: an account with a role in a study, and a link by e-mail to set its password."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from allauth.account.forms import ResetPasswordForm
from allauth.core import context
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction
from django.test import RequestFactory

from wellness.accounts.models import User
from wellness.lib.refusal import Refusal
from wellness.studies.models import Role, Site, Study
from wellness.studies.services import add_member


class Command(BaseCommand):
    help = "Give somebody a role in a study; who has no account gets one, and a link to set its password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--study", required=True, metavar="SLUG")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--site", metavar="SLUG", help="only at this site of the study")
        parser.add_argument("--host", default=settings.ALLOWED_HOSTS[0], help="the site's name in the link")

    def handle(self, *_: Any, email: str, study: str, role: str, host: str, **options: Any) -> None:
        """One line: who has which role now."""
        address = email.lower()
        try:
            with transaction.atomic():
                place = Study.objects.get(slug=study)
                site = Site.objects.get(study=place, slug=options["site"]) if options["site"] else None
                user = User.objects.filter(email=address).first()
                is_new = user is None
                user = user or User.objects.create_user(address)
                add_member(study=place, user=user, role=role, site=site)
        except (Study.DoesNotExist, Site.DoesNotExist):
            raise CommandError("There is no such study or site.") from None
        except IntegrityError:
            raise CommandError("That account has the role already.") from None
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        if is_new:
            _send_link(address, host)
        told = "; a link to set a password is on its way" if is_new else ""
        self.stdout.write(f"{user} is {role} in {study}{told}.")


def _send_link(address: str, host: str) -> None:
    """allauth's own mail with a link to set a password: it says no more than that."""
    request = RequestFactory(SERVER_NAME=host).get("/", secure=settings.TLS)
    with context.request_context(request):
        form = ResetPasswordForm({"email": address})
        if not form.is_valid():
            raise CommandError(f"No link was sent: {form.errors.as_text()}")
        form.save(request)
