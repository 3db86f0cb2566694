"""Every address of the site."""

from django.urls import URLPattern, URLResolver, include, path

from wellness.consent.receipts_api import consent_keys

API = (
    "phenotyping.intake.api",
    "phenotyping.intake.config_api",
    "phenotyping.surveys.api",
    "coach.delivery.api",
    "wellness.studies.api",
    "wellness.studies.access_api",
    "wellness.consent.api",
    "wellness.consent.receipts_api",
    "wellness.consent.leaving_api",
    "wellness.gateways.takeout.api",
)

# In the order in which they are tried: what phones ask for most comes first.
urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include([path("", include(module)) for module in API])),
    path("health/", include("wellness.health")),
    path(".well-known/consent-keys.json", consent_keys, name="consent-keys"),
    path("", include("wellness.web.urls")),
]
