"""What phones read is recorded, and an answer to nobody passes."""

from django.http import HttpResponse
from django.test import RequestFactory

from wellness.studies.trail import PhoneReads


def test_a_file_that_is_served_before_anybody_is_known_passes() -> None:
    passed = PhoneReads(lambda _: HttpResponse("body { }"))(RequestFactory().get("/static/theme.css"))
    assert passed.status_code == 200
