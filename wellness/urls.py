"""Every address of the site."""

from django.urls import URLPattern, URLResolver, include, path

from wellness.consent.receipts_api import consent_keys

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/", include("wellness.health")),
    path("", include("wellness.web.urls")),
    path(".well-known/consent-keys.json", consent_keys, name="consent-keys"),
    path("api/v1/", include("wellness.studies.api")),
    path("api/v1/", include("wellness.studies.access_api")),
    path("api/v1/", include("wellness.consent.api")),
    path("api/v1/", include("wellness.consent.receipts_api")),
    path("api/v1/", include("wellness.consent.leaving_api")),
    path("api/v1/", include("phenotyping.intake.api")),
    path("api/v1/", include("phenotyping.intake.config_api")),
    path("api/v1/", include("phenotyping.surveys.api")),
    path("api/v1/", include("coach.delivery.api")),
    path("api/v1/", include("wellness.gateways.takeout.api")),
]
