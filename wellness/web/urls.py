"""Addresses of the pages."""

from django.urls import include, path

from wellness.web.accounts import ChangePassword, SignIn
from wellness.web.clinician.alerts import AnswerAlert
from wellness.web.clinician.caseload import Caseload
from wellness.web.clinician.emergency import Emergency
from wellness.web.clinician.left_alerts import AnswerLeftAlert
from wellness.web.clinician.person import Person
from wellness.web.coordinator.board import Board
from wellness.web.coordinator.document import OneDocument
from wellness.web.coordinator.documents import Documents
from wellness.web.coordinator.drafting import Drafting
from wellness.web.coordinator.invite import Invite
from wellness.web.coordinator.locked import Locked
from wellness.web.coordinator.people import People
from wellness.web.coordinator.processing import Register
from wellness.web.coordinator.recipients import Recipients, Told
from wellness.web.coordinator.record import Record
from wellness.web.coordinator.releases import ApproveRelease, Releases, TakeRelease
from wellness.web.coordinator.reviews import Judge, Reviews
from wellness.web.coordinator.studies import Studies
from wellness.web.coordinator.switches import Switches
from wellness.web.coordinator.team import Team
from wellness.web.home import Help, Home
from wellness.web.join import Join
from wellness.web.operators import site as operators
from wellness.web.participant.access_log import AccessLog
from wellness.web.participant.answers import Answers, CorrectAnswer
from wellness.web.participant.check_in import CheckIn
from wellness.web.participant.consent import OwnConsent
from wellness.web.participant.devices import Devices, RenameDevice, RevokeDevice
from wellness.web.participant.leave import DeletionPage, Leave
from wellness.web.participant.my_data import MyData
from wellness.web.participant.privacy import Privacy
from wellness.web.participant.receipts import OwnReceipt, ReceiptCopy, Receipts
from wellness.web.participant.suggestion import Opened, Respond
from wellness.web.participant.takeout import FetchTakeout, Takeouts
from wellness.web.participant.today import Today
from wellness.web.reauthenticate import ByCode
from wellness.web.sessions import EndSession, OwnSessions
from wellness.web.verify import Verify

urlpatterns = [
    path("", Home.as_view(), name="home"),
    path("help/", Help.as_view(), name="help"),
    path("join/", Join.as_view(), name="join"),
    path("verify/", Verify.as_view(), name="verify"),
    path("app/", Today.as_view(), name="today"),
    path("app/check-in/", CheckIn.as_view(), name="check_in"),
    path("app/data/", MyData.as_view(), name="my_data"),
    path("app/privacy/", Privacy.as_view(), name="privacy"),
    path("app/privacy/consent/", OwnConsent.as_view(), name="own_consent"),
    path("app/privacy/answers/", Answers.as_view(), name="own_answers"),
    path("app/privacy/receipts/", Receipts.as_view(), name="receipts"),
    path("app/privacy/receipts/<uuid:event>/", OwnReceipt.as_view(), name="receipt"),
    path("app/privacy/receipts/<uuid:event>/copy.pdf", ReceiptCopy.as_view(), name="receipt_copy"),
    path("app/privacy/access/", AccessLog.as_view(), name="access_log"),
    path("app/privacy/takeout/", Takeouts.as_view(), name="takeouts"),
    path("app/privacy/takeout/<uuid:takeout>/", FetchTakeout.as_view(), name="takeout"),
    path("app/privacy/answers/<uuid:answer>/", CorrectAnswer.as_view(), name="correct_answer"),
    path("app/privacy/devices/", Devices.as_view(), name="devices_of_mine"),
    path("app/privacy/devices/<uuid:device>/name/", RenameDevice.as_view(), name="rename_device_of_mine"),
    path("app/privacy/devices/<uuid:device>/revoke/", RevokeDevice.as_view(), name="revoke_device_of_mine"),
    path("app/privacy/leave/", Leave.as_view(), name="leave"),
    path("deletions/<slug:token>/", DeletionPage.as_view(), name="deletion_page"),
    path("app/suggestions/<uuid:delivery>/", Respond.as_view(), name="respond"),
    path("app/suggestions/<uuid:delivery>/opened/", Opened.as_view(), name="opened"),
    path("clinic/", Caseload.as_view(), name="caseload"),
    path("clinic/alerts/<uuid:call>/", AnswerAlert.as_view(), name="alert"),
    path("clinic/emergency/", Emergency.as_view(), name="emergency"),
    path("clinic/left/<uuid:alert>/", AnswerLeftAlert.as_view(), name="left_alert"),
    path("clinic/<uuid:enrollment>/", Person.as_view(), name="person"),
    path("console/", Studies.as_view(), name="studies"),
    path("console/<slug:slug>/people/", People.as_view(), name="study_people"),
    path("console/<slug:slug>/people/invite/", Invite.as_view(), name="invite"),
    path("console/<slug:slug>/consent/", Documents.as_view(), name="consent_documents"),
    path("console/<slug:slug>/consent/<uuid:document>/", OneDocument.as_view(), name="consent_document"),
    path("console/<slug:slug>/consent/<uuid:document>/text/", Drafting.as_view(), name="draft_text"),
    path(
        "console/<slug:slug>/consent/<uuid:document>/switches/<str:purpose>/",
        Switches.as_view(),
        name="draft_switches",
    ),
    path("console/<slug:slug>/team/", Team.as_view(), name="team"),
    path("console/<slug:slug>/reviews/", Reviews.as_view(), name="reviews"),
    path("console/<slug:slug>/reviews/<uuid:access>/", Judge.as_view(), name="judge"),
    path("console/<slug:slug>/analysis/", Releases.as_view(), name="releases"),
    path("console/<slug:slug>/analysis/<uuid:release>/", TakeRelease.as_view(), name="take_release"),
    path(
        "console/<slug:slug>/analysis/<uuid:release>/approve/",
        ApproveRelease.as_view(),
        name="approve_release",
    ),
    path("console/<slug:slug>/recipients/", Recipients.as_view(), name="recipients"),
    path("console/<slug:slug>/recipients/<uuid:notice>/told/", Told.as_view(), name="told"),
    path("console/<slug:slug>/locked/", Locked.as_view(), name="locked"),
    path("console/<slug:slug>/audit/", Record.as_view(), name="study_record"),
    path("console/<slug:slug>/processing/", Register.as_view(), name="processing"),
    path("console/<slug:slug>/", Board.as_view(), name="board"),
    path("admin/", operators.urls),
    path("accounts/login/", SignIn.as_view(), name="account_login"),
    path("accounts/password/change/", ChangePassword.as_view(), name="account_change_password"),
    path("accounts/reauthenticate/code/", ByCode.as_view(), name="reauthenticate_by_code"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", OwnSessions.as_view(), name="usersessions_list"),
    path("accounts/sessions/<int:session>/end/", EndSession.as_view(), name="end_session"),
    path("_allauth/app/v1/", include("wellness.web.phones")),
]
