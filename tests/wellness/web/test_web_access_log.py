"""Who looked: the participant's page and their phone's answer are alike, and nobody else's."""

import json
from base64 import b64decode
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from tests import factories
from tests.wellness.web.conftest import add_days
from wellness.accounts.models import User
from wellness.audit import sealer
from wellness.audit.checkpoints import Checkpoint
from wellness.audit.models import AuditEntry
from wellness.audit.services import SERVICE, enrollment_chain, record
from wellness.lib.clock import utc_now
from wellness.lib.merkle import includes, leaf_hash
from wellness.studies.models import Device, Enrollment

Browser = Callable[[User | None], Client]
PAGE, API = "/app/privacy/access/", "/api/v1/access-log"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Any, settings: Any) -> None:
    settings.CHECKPOINT_DIR = tmp_path


@pytest.fixture
def looked(ada: Enrollment, bea: User, dot: User, browser: Browser) -> None:
    """Bea opens ada's page and her caseload; dot opens the board."""
    add_days(ada)
    browser(bea).get(f"/clinic/{ada.public_id}/")
    browser(bea).get("/clinic/")
    browser(dot).get(f"/console/{ada.study.slug}/")


def of_phone(device: tuple[Device, str], path: str = API) -> Any:
    return Client().get(path, headers={"Authorization": f"Bearer {device[1]}"})


def test_a_person_sees_who_looked_in_which_role_and_no_name(
    ada: Enrollment, bea: User, looked: None, browser: Browser
) -> None:
    page = browser(ada.user).get(PAGE)
    roles = [(look.role, look.what.split(",")[0].split(":")[0]) for look in page.context["looks"]]
    assert roles == [
        ("coordinator", "the board of the study"),
        ("clinician", "a list of the people in their care"),
        ("clinician", "your page"),
    ]
    shown = page.content.decode()
    assert ada.site is not None and f"Clinician {page.context['looks'][1].who}, {ada.site.name}" in shown
    for name in (bea.email, bea.first_name, str(bea.public_id)):
        assert name not in shown


def test_an_emergency_is_told_with_its_reason(ada: Enrollment, bea: User, browser: Browser) -> None:
    chain, why = enrollment_chain(ada.public_id), "No answer for two days and an open alert."
    emergency = {"chain": chain, "actor": bea.actor, "purpose": "emergency"}
    record(**emergency, action="emergency.open", reason="not in their care", detail={"why": why})
    record(**emergency, action="view.participant", reason=f"emergency_access:{uuid4()}")
    looked, opened = browser(ada.user).get(PAGE).context["looks"]
    assert (opened.reason, opened.why, looked.why, looked.reason) == (why, "an emergency", "an emergency", "")


def test_ones_own_looks_are_on_record_once_an_hour_and_not_in_the_list(
    ada: Enrollment, browser: Browser, device: tuple[Device, str]
) -> None:
    client = browser(ada.user)
    for _ in range(3):
        client.get("/app/data/")
        of_phone(device, "/api/v1/suggestions")
    own = AuditEntry.objects.filter(chain=enrollment_chain(ada.public_id), action__endswith=".own")
    assert sorted(own.values_list("action", "object", "actor_kind")) == [
        ("read.own", "suggestions", "device"),
        ("view.own", "my_data", "user"),
    ]
    assert client.get(PAGE).context["looks"] == []
    assert "Nobody else looked" in client.get(PAGE).content.decode()


def test_lists_without_the_person_are_not_shown(
    ada: Enrollment, cal: User, looked: None, browser: Browser
) -> None:
    other = factories.enrollment(cal.memberships.get().study, "kim")
    factories.agree_to_everything(other)
    browser(cal).get("/clinic/")
    assert [look.role for look in browser(other.user).get(PAGE).context["looks"]] == ["clinician"]
    assert len(browser(ada.user).get(PAGE).context["looks"]) == 3


@pytest.mark.parametrize("who", ["bea", "cal", "dot"])
def test_staff_have_no_such_page(request: pytest.FixtureRequest, browser: Browser, who: str) -> None:
    assert browser(request.getfixturevalue(who)).get(PAGE).status_code == 404


def test_nobody_signs_in_first(db: None, browser: Browser) -> None:
    assert browser(None).get(PAGE)["Location"].startswith("/accounts/login/")
    assert Client().get(API).status_code == Client().get(f"{API}/proof?entry=1").status_code == 401


def test_the_phone_gets_the_same_in_pages(
    ada: Enrollment, looked: None, device: tuple[Device, str], browser: Browser
) -> None:
    for n in range(60):
        record(
            chain=enrollment_chain(ada.public_id), actor=SERVICE, action="export.research", reason=f"run {n}"
        )
    first = of_phone(device).json()
    rest = of_phone(device, f"{API}?before={first['next']}").json()
    entries = [look["entry"] for look in (*first["looks"], *rest["looks"])]
    assert (len(first["looks"]), rest["next"]) == (50, None)
    assert entries == sorted(set(entries), reverse=True) and len(entries) == 63
    older = browser(ada.user).get(f"{PAGE}?before={first['next']}").context["looks"]
    assert [look.entry for look in older] == entries[50:]
    for nonsense in ("x", "-1", "١", "9" * 40):
        assert of_phone(device, f"{API}?before={nonsense}").status_code == 422
        assert browser(ada.user).get(f"{PAGE}?before={nonsense}").status_code == 200


def test_a_look_can_be_proved_to_the_person_it_concerns(
    ada: Enrollment, looked: None, device: tuple[Device, str], cal: User
) -> None:
    look = of_phone(device).json()["looks"][-1]
    path = f"{API}/proof?entry={look['entry']}"
    assert of_phone(device, path).status_code == 409  # not sealed yet
    sealer.seal(now=utc_now())
    proof = of_phone(device, path).json()
    head = Checkpoint.of(json.loads(b64decode(proof["checkpoint"]["line"])))
    assert head.is_signed_by(bytes.fromhex(proof["checkpoint"]["public_key"]))
    assert json.loads(proof["entry"])["action"] == "view.participant"
    nodes = [bytes.fromhex(node) for node in proof["path"]]
    leaf = leaf_hash(proof["entry"].encode())
    root = bytes.fromhex(head.root)
    assert includes(root=root, size=head.size, leaf=leaf, index=proof["index"], path=nodes)


def test_nobody_elses_entry_is_proved(ada: Enrollment, device: tuple[Device, str]) -> None:
    other = record(chain=enrollment_chain(uuid4()), actor=SERVICE, action="view.participant")
    sealer.seal(now=utc_now())
    assert of_phone(device, f"{API}/proof?entry={other.pk}").status_code == 404
    assert of_phone(device, f"{API}/proof?entry=999999").status_code == 404
    assert of_phone(device, f"{API}/proof").status_code == 422
