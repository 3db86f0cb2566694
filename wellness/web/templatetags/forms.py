"""Controls with our look."""

from django import forms, template
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def control(field: forms.BoundField) -> SafeString:
    """The control of a field; Django adds what it is described by."""
    return field.as_widget(attrs={"class": "form-control"})
