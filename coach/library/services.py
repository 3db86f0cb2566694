"""Loading the suggestions that ship with the project."""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from coach.library.models import Intervention, Message

CONTENT = Path(__file__).parent / "content" / "suggestions.toml"
MESSAGE_DEFAULTS: dict[str, Any] = {"version": 1, "locale": "en", "tags": []}


@transaction.atomic
def load_library(*, now: datetime) -> int:
    """How many messages are new; what is known keeps its words, so that past deliveries stay true."""
    n_new = 0
    for entry in tomllib.loads(CONTENT.read_text())["interventions"]:
        messages = entry.pop("messages")
        intervention, _ = Intervention.objects.update_or_create(slug=entry.pop("slug"), defaults=entry)
        for message in messages:
            words = MESSAGE_DEFAULTS | message
            key = {name: words.pop(name) for name in ("slug", "version", "locale")}
            defaults = words | {"intervention": intervention, "approved_at": now}
            n_new += Message.objects.get_or_create(**key, defaults=defaults)[1]
    return n_new
