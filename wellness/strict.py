"""Request bodies hold what they are asked to hold, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

T = TypeVar("T")


class StrictSerializer(serializers.Serializer[T]):
    """Refuses fields it does not know: nobody sets more of a row than they were let."""

    def to_internal_value(self, data: Any) -> Any:
        """The validated values; each unknown field is an error of its own."""
        if isinstance(data, Mapping):
            unknown = [str(name) for name in data if name not in self.fields]
            if unknown:
                told = ErrorDetail("There is no such field.", code="unknown_field")
                raise serializers.ValidationError({name: [told] for name in unknown})
        return super().to_internal_value(data)
