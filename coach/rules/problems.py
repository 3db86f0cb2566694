"""What is wrong with a rule, and where."""

from collections.abc import Iterable

Problem = tuple[str, str]


class RuleError(ValueError):
    """A rule that may not be published; `problems` are (JSON pointer, message) pairs."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{path or '/'}: {message}" for path, message in self.problems))
