"""What a demo tells the person who ran it."""

from collections.abc import Mapping, Sequence

from wellness.accounts.factors import recovery_codes
from wellness.accounts.models import User
from wellness.consent.models import ConsentDocument
from wellness.demo.living import Run
from wellness.demo.script import FACTOR_SEED, PASSWORD, SLUG
from wellness.demo.visitor import SignIn
from wellness.studies.models import Enrollment

BAR = 40
OWN_PAGES = (
    "/app/",
    "/app/check-in/",
    "/app/data/",
    "/app/privacy/devices/",
    "/app/privacy/access/",
    "/help/",
)
CLINIC = ("/clinic/", "/clinic/emergency/")
ACCOUNT_PAGES = ("/accounts/2fa/", "/accounts/sessions/")
SECOND_FACTOR = """  Staff are then asked for a code: `manage.py demo --code` shows it, anew every 30 seconds,
  as does an authenticator app that was told {seed}"""


def bar(done: int, total: int) -> str:
    """One line that shows how far the demo is; it overwrites itself on a terminal."""
    filled = BAR * done // total
    return f"\r  [{'#' * filled}{'.' * (BAR - filled)}] {done} of {total} person-days"


def sign_ins(runs: Sequence[Run]) -> list[SignIn]:
    """One account a role, the participant being the first of the cohort."""
    first = runs[0].joined
    person, console = Enrollment.objects.get(pk=first.enrollment_id), f"/console/{SLUG}/"
    document = ConsentDocument.objects.filter(study=person.study_id).latest("pk")
    people = (f"{console}people/", f"{console}people/invite/", f"{console}recipients/")
    consent = (f"{console}consent/", f"{console}consent/{document.public_id}/")
    return [
        SignIn("participant", first.email, PASSWORD, OWN_PAGES),
        _staff("clinician", (*CLINIC, f"/clinic/{person.public_id}/", *ACCOUNT_PAGES)),
        _staff("coordinator", ("/console/", console, *people, *consent)),
        _staff("administrator", (f"{console}team/", f"{console}reviews/")),
        _staff("analyst", (f"{console}analysis/",)),
        _staff("auditor", (f"{console}audit/", f"{console}processing/")),
    ]


def table(counts: Mapping[str, int]) -> str:
    """The counts, one stage a line."""
    width = max(map(len, counts))
    return "\n".join(f"  {stage.replace('_', ' '):<{width}}  {n:>10,}" for stage, n in counts.items())


def doors(people: Sequence[SignIn], address: str) -> str:
    """Who can sign in where."""
    lines = [f"  {one.role:<12} {one.email:<28} {one.password}" for one in people]
    return "\n".join([f"  http://{address}/accounts/login/", *lines, SECOND_FACTOR.format(seed=FACTOR_SEED)])


def _staff(role: str, pages: tuple[str, ...]) -> SignIn:
    email = f"{role}@demo.example"
    spare, *_ = recovery_codes(User.objects.get(email=email))  # leaves the app's code to whoever comes next
    return SignIn(role, email, PASSWORD, pages, seed=FACTOR_SEED, code=spare)
