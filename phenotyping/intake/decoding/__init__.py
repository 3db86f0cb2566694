"""Bodies of uploads to Arrow tables, without a Python object for each row."""

from phenotyping.intake.decoding.body import decode
from phenotyping.intake.decoding.envelope import Envelope

__all__ = ["Envelope", "decode"]
