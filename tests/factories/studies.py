"""Studies with one site."""

from datetime import UTC, datetime

from wellness.studies.models import Study
from wellness.studies.services import add_site, create_study

COVERED_FROM = datetime(2010, 1, 1, tzinfo=UTC)
JOINED_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def study(slug: str = "harbour", **fields: object) -> Study:
    """A research study of that name with the site "north"."""
    made = create_study(**{"slug": slug, "name": slug.title(), "target_n": 40} | fields)
    add_site(study=made, slug="north", name="North")
    return made
