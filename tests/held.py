"""Ada and her study, made once and held in a transaction around the tests that begin with them.

Her consent is several hundred rows, and a thousand tests begin with it. Each of them lies in a transaction of
its own inside the one that is held, and is undone to where it began. The held one is undone when a test comes
that begins without her, or that commits.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

from django.db import connection, connections, transaction

from wellness.studies.models import Enrollment, Study


@dataclass(frozen=True)
class Pair:
    """The two, as rows of the database that both know of each other."""

    study: Study
    ada: Enrollment


class Held:
    """The transaction that holds the pair, if there is one."""

    def __init__(self, make: Callable[[], Pair]) -> None:
        self._make, self._made = make, None
        self._around: transaction.Atomic | None = None

    def begin(self) -> Pair:
        """The pair as it was made, in objects that nobody else has."""
        if self._made is None or not self._stands():
            self.end()
            self._around = transaction.atomic()
            self._around.__enter__()
            connection.close = _stay_open  # type: ignore[method-assign]  after each test Django closes it
            self._made = self._make()
        return deepcopy(self._made)

    def end(self) -> None:
        """Undo it."""
        if self._around is None:
            return
        vars(connections[connection.alias]).pop("close", None)
        if self._stands():
            transaction.set_rollback(True)
            self._around.__exit__(None, None, None)
        else:
            connection.close()
            connection.connect()
        self._around, self._made = None, None

    def _stands(self) -> bool:
        """Whether the transaction is as it was begun: a server ends one that is idle for long."""
        whole = connection.atomic_blocks == [self._around] and not connection.needs_rollback
        return whole and connection.is_usable()


def _stay_open() -> None:
    pass
