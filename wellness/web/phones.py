"""Signing in on a phone: of allauth's API for apps what people who join by invitation need.

An app keeps the session token and sends it as `X-Session-Token`. Nobody signs up or changes an address here.
"""

from allauth.headless.account import views as account
from allauth.headless.base.views import ConfigView
from allauth.headless.constants import Client
from allauth.headless.mfa import views as mfa
from allauth.headless.usersessions.views import SessionsView
from django.urls import path

OFFERED = {
    "config": ConfigView,
    "auth/session": account.SessionView,
    "auth/sessions": SessionsView,
    "auth/login": account.LoginView,
    "auth/code/request": account.RequestLoginCodeView,
    "auth/code/confirm": account.ConfirmLoginCodeView,
    "auth/password/request": account.RequestPasswordResetView,
    "auth/password/reset": account.ResetPasswordView,
    "auth/reauthenticate": account.ReauthenticateView,
    "auth/2fa/authenticate": mfa.AuthenticateView,
    "auth/2fa/reauthenticate": mfa.ReauthenticateView,
    "auth/webauthn/login": mfa.LoginWebAuthnView,
    "auth/webauthn/authenticate": mfa.AuthenticateWebAuthnView,
    "auth/webauthn/reauthenticate": mfa.ReauthenticateWebAuthnView,
    "account/password/change": account.ChangePasswordView,
    "account/authenticators": mfa.AuthenticatorsView,
    "account/authenticators/totp": mfa.ManageTOTPView,
    "account/authenticators/webauthn": mfa.ManageWebAuthnView,
    "account/authenticators/recovery-codes": mfa.ManageRecoveryCodesView,
}

urlpatterns = [path(address, view.as_api_view(client=Client.APP)) for address, view in OFFERED.items()]
