"""Ada's phone, as tests of the intake have it."""

from tests.phenotyping.intake.conftest import phone

__all__ = ["phone"]
