"""What an entry says about the request that it belongs to, and what it keeps sealed."""

import unicodedata
from uuid import UUID, uuid4

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import PASSWORD
from wellness.accounts.models import User
from wellness.audit import sealing
from wellness.audit.context import Context, during
from wellness.audit.models import AuditEntry, Outcome
from wellness.audit.refusals import PER_HOUR
from wellness.audit.services import SERVICE, enrollment_chain, record, verify
from wellness.audit.text import clean
from wellness.keyring import KeyDestroyed
from wellness.lib.clock import utc_now
from wellness.studies import keys
from wellness.studies.models import Device, Enrollment

PHONE = {"HTTP_USER_AGENT": "Canary/1.0", "REMOTE_ADDR": "192.0.2.77"}


def last(**of: object) -> AuditEntry:
    found = AuditEntry.objects.filter(**of).order_by("pk").last()
    assert found is not None
    return found


def detail(entry: AuditEntry) -> dict[str, str]:
    return sealing.opened(entry.chain, entry.seq, entry.sealed_detail)


def test_an_answer_and_its_entries_carry_one_id_that_no_client_chooses(
    client: Client, ada: Enrollment, bea: User
) -> None:
    client.force_login(bea)
    forged = str(uuid4())
    answer = client.get(f"/clinic/{ada.public_id}/", headers={"X-Request-ID": forged})
    entry = last(action="view.participant")
    assert answer["X-Request-ID"] == entry.request_id != forged
    assert UUID(entry.request_id).version == 7
    again = client.get(f"/clinic/{ada.public_id}/")
    assert again["X-Request-ID"] != answer["X-Request-ID"]


def test_outside_of_a_request_there_is_no_id_and_nothing_sealed(db: None) -> None:
    entry = record(chain="system", actor=SERVICE, action="start")
    assert (entry.request_id, entry.sealed_detail) == ("", None)


def test_where_a_request_came_from_is_sealed_and_opens_only_in_its_place(
    client: Client, ada: Enrollment, bea: User
) -> None:
    client.force_login(bea)
    client.get(f"/clinic/{ada.public_id}/", **PHONE)
    entry = last(action="view.participant")
    row = AuditEntry.objects.filter(pk=entry.pk).values().get()
    assert "192.0.2.77" not in repr(row) and "Canary" not in repr(row)
    assert detail(entry) == {"source": "192.0.2.77", "agent": "Canary/1.0"}
    with pytest.raises(sealing.sealing.SealBroken):
        sealing.opened(entry.chain, entry.seq + 1, entry.sealed_detail)


def test_a_persons_chain_stays_whole_when_their_key_is_destroyed(ada: Enrollment) -> None:
    chain = enrollment_chain(ada.public_id)
    with during(Context("r", source="192.0.2.77")):
        before = record(chain=chain, actor=SERVICE, action="before", detail={"more": "words"})
        assert detail(before) == {"source": "192.0.2.77", "more": "words"}
        keys.shred(ada, now=utc_now())
        after = record(chain=chain, actor=SERVICE, action="after")
    assert detail(before) == {}
    assert after.sealed_detail is None
    assert verify() is None


def test_a_key_that_was_destroyed_seals_and_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(owner: str, context: str, what: bytes) -> bytes:
        raise KeyDestroyed(owner)

    monkeypatch.setitem(sealing._OWN, "gone", (gone, gone))
    assert sealing.sealed("gone:1", 1, {"source": "192.0.2.77"}) is None
    assert sealing.opened("gone:1", 1, b"what it sealed") == {}


def test_the_systems_detail_does_not_need_a_persons_key(db: None) -> None:
    with during(Context("r", source="192.0.2.77")):
        assert detail(record(chain="system", actor=SERVICE, action="x")) == {"source": "192.0.2.77"}


def test_nothing_forges_a_second_line(db: None) -> None:
    entry = record(
        chain="system\n", actor=SERVICE, action="a\r\nb", reason="\x1b[2J\u202egood\u2028", object="o" * 500
    )
    assert entry.action == "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}b"
    assert all(text.isprintable() for text in (entry.chain, entry.action, entry.reason, entry.object))
    assert len(entry.object) == 120
    assert verify() is None


@given(st.text(), st.integers(1, 50))
def test_clean_text_is_printable_short_and_stays_what_it_is(text: str, length: int) -> None:
    cleaned = clean(text, length)
    assert len(cleaned) <= length
    assert not {unicodedata.category(one) for one in cleaned} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert clean(cleaned, length) == cleaned


def test_whoever_is_turned_away_is_on_record(client: Client, ada: Enrollment, cal: User) -> None:
    client.force_login(cal)
    path = f"/clinic/{ada.public_id}/"
    foreign, unknown = client.get(path), client.get(f"/clinic/{uuid4()}/")
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    one, other = AuditEntry.objects.filter(action="access.refused").order_by("pk")
    assert one.actor == other.actor == str(cal.public_id)
    assert one.object == f"GET person {ada.public_id}"
    assert (one.outcome, one.reason, one.chain) == (Outcome.REFUSED, "404", f"user:{cal.public_id}")
    assert {one.chain, one.reason} == {other.chain, other.reason}  # a foreign page and none look alike


def test_nobody_and_a_phone_are_turned_away_on_record(client: Client, device: tuple[Device, str]) -> None:
    assert client.get("/api/v1/suggestions").status_code == 401
    assert last(action="access.refused").actor_kind == "anonymous"
    phone, token = device
    path = f"/api/v1/suggestions/{uuid4()}/response"
    headers = {"Authorization": f"Bearer {token}"}
    sent = {"response": "done", "responded_at": 0}
    answer = client.put(path, sent, content_type="application/json", headers=headers, **PHONE)
    assert answer.status_code == 404
    refused = last(action="access.refused")
    assert refused.chain == f"device:{phone.public_id}"
    assert detail(refused) == {"source": "192.0.2.77", "agent": "Canary/1.0"}
    keys.shred(phone.enrollment, now=utc_now())
    assert detail(refused) == {}  # where a phone was goes with its person
    assert verify() is None


def test_an_address_that_leads_nowhere_is_no_refusal(client: Client, db: None) -> None:
    assert client.get("/no/such/page").status_code == 404
    assert not AuditEntry.objects.filter(action="access.refused").exists()


def test_a_flood_of_refusals_does_not_fill_the_record(client: Client, db: None) -> None:
    for _ in range(PER_HOUR + 5):
        client.get("/api/v1/suggestions")
    found = AuditEntry.objects.filter(action="access.refused").order_by("pk")
    assert found.count() == PER_HOUR
    assert [entry.reason for entry in found][-2:] == [
        "401",
        "401; further ones within the hour are not recorded",
    ]


def test_a_sign_in_form_without_its_token_is_on_record(ada: Enrollment) -> None:
    client = Client(enforce_csrf_checks=True)
    assert ada.user is not None
    sent = {"login": ada.user.email, "password": PASSWORD}
    assert client.post("/accounts/login/", sent).status_code == 403
    assert last(action="access.refused").object == "POST account_login"
