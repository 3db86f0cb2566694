"""The seeded coin: a decision's random number depends on the study's key and the decision alone.

Generator `blake2b-1`: BLAKE2b with digest size 8, key = the study's key, personalisation "coach.draw",
over the 16 bytes of the decision's UUID and a 4-byte big-endian counter; the digest is a big-endian 64-bit
integer. It is specified byte by byte (RFC 7693), so every platform and version gives the same number.
"""

import hashlib
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from coach.policies.options import checked

GENERATOR = "blake2b-1"
ACTION, MESSAGE = 0, 1
MIN_KEY_BYTES, MAX_KEY_BYTES = 16, 64


@dataclass(frozen=True)
class Draw:
    """The uniform number in (0, 1) and the option whose cumulative interval holds it."""

    u: float
    option: str


def draw(seed: bytes, decision_id: uuid.UUID, probs: Mapping[str, float]) -> Draw:
    """The option of one decision; the same for the same key, decision and probabilities in any order.

    Intervals are laid out with the arms in code-point order and `none` last, so one arm is chosen when u < p.
    """
    u = uniform(seed, decision_id)
    *treated, (last, _) = checked(probs).items()
    upper = 0.0
    for option, prob in treated:
        upper += prob
        if u < upper:
            return Draw(u, option)
    return Draw(u, last)


def uniform(seed: bytes, decision_id: uuid.UUID) -> float:
    """The decision's number, an odd multiple of 2**-53: exact in a float and never 0 or 1."""
    return (2 * (_word(seed, decision_id, ACTION) >> 12) + 1) / 2**53


def pick(seed: bytes, decision_id: uuid.UUID, candidates: Collection[str]) -> str:
    """One of the candidates, each equally likely, independent of their order and of the option drawn."""
    ordered = sorted(set(candidates))
    if not ordered:
        raise ValueError("nothing to pick from")
    return ordered[_word(seed, decision_id, MESSAGE) * len(ordered) >> 64]


def _word(seed: bytes, decision_id: uuid.UUID, counter: int) -> int:
    if not MIN_KEY_BYTES <= len(seed) <= MAX_KEY_BYTES:
        raise ValueError(f"a study key has {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes, not {len(seed)}")
    message = decision_id.bytes + counter.to_bytes(4, "big")
    drawn = hashlib.blake2b(message, digest_size=8, key=seed, person=b"coach.draw").digest()
    return int.from_bytes(drawn, "big")
