"""The areas that can be measured; each is a module with `measure` and a line here."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from wellness.bench import consent, intake
from wellness.bench.found import Found, Sizes

AREAS: Mapping[str, Callable[[Sizes], Found]] = MappingProxyType(
    {"consent": consent.measure, "intake": intake.measure}
)
