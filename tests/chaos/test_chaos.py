"""Nothing is lost or doubled when the server's pieces are killed at random: `make chaos`, in short."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import template
from tests.chaos.comparison import differences
from tests.chaos.faults import Schedule, kills
from tests.chaos.phone import Phones, sendings
from tests.chaos.scenario import found, undisturbed
from tests.chaos.stage import Site, Stage

PEOPLE = ["ada", "bo"]
SEED = 7

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes to kill in /proc"),
]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A database of the kind under test."""
    with template.database(tmp_path / "site", "chaos") as made:
        yield made


def test_nothing_is_lost_when_pieces_are_killed(tmp_path: Path, url: str) -> None:
    sent = sendings(SEED, 150, PEOPLE, n_days=2)
    site = Site(tmp_path / "site", url, lease_s=4, quiet_s=1, sweep_s=4)
    alone = Site(tmp_path / "calm", template.sqlite_copy(tmp_path / "calm"))
    with ThreadPoolExecutor(1) as pool:
        calm = pool.submit(undisturbed, alone, sent, PEOPLE)
        tokens = found(site, PEOPLE)
        with Stage(site, n_celery=1) as stage:
            phones = Phones(stage.port, tokens, SEED, patience_s=200)
            with Schedule(kills(stage, 5, SEED), seed=SEED, gap_s=1):
                phones.send(sent, seconds=5)
    facts = site.ask("work_off")
    assert stage.killed.total() >= 3
    assert len(phones.ledger.receipts) == len(sent)
    assert differences(sent, phones.ledger, facts, calm.result()) == []
