"""One scenario: the same uploads to a site that faults disturb and to one that nothing does."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from tests.chaos.phone import Ledger, Sending
from tests.chaos.services import create_database
from tests.chaos.stage import Site


def found(site: Site, people: Sequence[str]) -> Mapping[str, str]:
    """The tokens of the phones of a new site's people."""
    _make(site)
    tokens: Mapping[str, str] = site.ask("found", people=list(people))
    return tokens


def undisturbed(site: Site, sent: Sequence[Sending], people: Sequence[str]) -> dict[str, Any]:
    """The facts of a new site that took the uploads in one by one, in order, and then did its work."""
    _make(site)
    facts: dict[str, Any] = site.ask("take_in", people=list(people), sent=[_as_json(one) for one in sent])
    return facts


def figures(ledger: Ledger, facts: Mapping[str, Any]) -> dict[str, Any]:
    """How much there was, how it was answered, and what became of it."""
    held = {upload: len(receipts) for upload, receipts in facts["receipts"].items()}
    return {
        "uploads": len(held),
        "rows": sum(n for own in facts["rows"].values() for n, _ in own.values()),
        "days": sum(len(days) for days in facts["days"].values()),
        "lost": len(ledger.receipts.keys() - held.keys()),
        "doubled": sum(n > 1 for n in held.values()),
        "answers": dict(sorted(ledger.answers.items())),
        "chunks": facts["chunks"],
        "orphans": facts["n_orphans"],
    }


def _make(site: Site) -> None:
    site.folder.mkdir(parents=True, exist_ok=True)
    if site.database_url.startswith("postgres"):
        create_database(site.database_url)


def _as_json(one: Sending) -> dict[str, Any]:
    body = base64.b64encode(one.body).decode()
    return {
        "person": one.person,
        "address": f"/api/v1/uploads/{one.upload}{one.query}",
        "headers": dict(one.headers),
        "body": body,
    }
