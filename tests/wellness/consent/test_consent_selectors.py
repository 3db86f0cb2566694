from datetime import timedelta

from tests.factories import JOINED_AT
from wellness.consent.models import ConsentDocument
from wellness.consent.pausing import pause, resume
from wellness.consent.selectors import as_known, consented
from wellness.consent.services import grant, withdraw
from wellness.studies.models import Enrollment

DAY = timedelta(days=1)
GPS = [("collect", "gps"), ("store", "gps")]


def test_what_was_consented_depends_on_the_date_and_on_when_it_is_asked(
    bo: Enrollment, document: ConsentDocument
) -> None:
    day = [JOINED_AT + n * DAY for n in range(10)]
    grant(enrollment=bo, document=document, scopes=GPS, now=day[2], covers_from=day[0])
    pause(enrollment=bo, now=day[4])
    resume(enrollment=bo, now=day[5])
    withdraw(enrollment=bo, now=day[7], scopes=GPS[:1])

    def store(on: int, known: int) -> bool:
        return bool(consented(bo, "store", ["gps"], on=day[on], known=day[known]))

    assert not store(1, known=1)  # nobody knew yet that it would be covered
    assert store(1, known=2)
    assert store(8, known=3)  # as far as was known then
    assert not store(8, known=7)
    assert [store(on, known=9) for on in range(9)] == [True] * 4 + [False, True, True, False, False]
    assert consented(bo, "collect", ["gps", "light"], on=day[3], known=day[3]) == {"gps"}
    assert consented(bo, "model.personal", ["gps"], on=day[3], known=day[9]) == set()
    assert [len(as_known(bo, at)) for at in (day[0], day[2], day[9])] == [0, 2, 4]
