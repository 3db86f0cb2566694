"""Controls with our look."""

import json
from typing import Any

from django import forms, template
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def control(field: forms.BoundField) -> SafeString:
    """The control of a field; Django adds what it is described by."""
    chooses = isinstance(field.field.widget, forms.Select)
    return field.as_widget(attrs={"class": "form-select" if chooses else "form-control"})


@register.filter
def as_json(value: Any) -> str:
    """The value as JSON, for an attribute: a script reads it there."""
    return json.dumps(value, cls=DjangoJSONEncoder)
