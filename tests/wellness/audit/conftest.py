"""Checkpoints of a test go to a folder of its own."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wellness.audit import sealer
from wellness.audit.checkpoints import Checkpoint
from wellness.audit.services import SERVICE, record

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings) -> Path:
    """Where checkpoints are kept."""
    settings.CHECKPOINT_DIR = tmp_path / "checkpoints"
    return settings.CHECKPOINT_DIR


@pytest.fixture
def write(db: None) -> Callable[..., None]:
    """`write("a", "b")`: an entry in each of these chains, in this order."""

    def written(*chains: str, at: datetime = NOON) -> None:
        for n, chain in enumerate(chains):
            record(chain=chain, actor=SERVICE, action=f"act {n}", sealed_detail=b"\x01", at=at)

    return written


@pytest.fixture
def sealed(write: Callable[..., None]) -> list[Checkpoint]:
    """Three checkpoints, the last in another month: over 4, 7 and 9 entries of three chains."""
    made = []
    for minute, chains in enumerate((("a", "b", "a", "c"), ("b", "a", "b"), ("a", "c"))):
        write(*chains)
        one = sealer.seal(now=NOON + timedelta(minutes=minute, hours=12 if minute == 2 else 0))
        assert one is not None
        made.append(one)
    return made
