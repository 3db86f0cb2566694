"""The cast of the tests is who it says it is."""

from django.test import Client

from tests.factories import JOINED_AT, PASSWORD
from wellness.accounts.models import User
from wellness.consent import gate
from wellness.consent.purposes import INTERVENE
from wellness.studies.models import Device, Enrollment, Role, Study


def test_ada_has_agreed_to_everything(ada: Enrollment) -> None:
    assert gate.permitted(ada, INTERVENE, ["gps", "survey"], at=JOINED_AT).keys() == {"gps", "survey"}


def test_staff_see_ada_and_the_outsider_does_not(ada: Enrollment, bea: User, cal: User, dot: User) -> None:
    seen = {who.first_name: list(Enrollment.objects.visible_to(who)) for who in (bea, cal, dot)}
    assert seen == {"Bea": [ada], "Cal": [], "Dot": [ada]}
    assert not Enrollment.objects.visible_to(dot, Role.CLINICIAN).exists()


def test_the_phone_is_adas(ada: Enrollment, device: tuple[Device, str], study: Study) -> None:
    phone, token = device
    assert (phone.enrollment, phone.enrollment.study) == (ada, study)
    assert token not in {phone.token_digest, ""}


def test_everyone_can_sign_in(client: Client, ada: Enrollment) -> None:
    assert ada.user is not None
    assert client.login(email=ada.user.email, password=PASSWORD)
    assert not client.login(email=ada.user.email, password="something else")
