"""The table of all routes of the people plane: Chalice, authorisation and the OpenAPI document come from it."""

from typing import Any

from chalicelib.web import android_callback, pages, windows_signin, windows_terms
from chalicelib.web.api import (
    about,
    ade,
    android,
    audit,
    commands,
    devices,
    escrow,
    findings,
    google,
    invitations,
    push_certificate,
    reports,
    sessions,
    settings,
    tokens,
    windows,
)
from chalicelib.web.api.common import Paging
from chalicelib.web.routing import PUBLIC, Nothing, Route

_API = "/api/v1"
_DEVICE = f"{_API}/devices/{{device_id}}"
_PUSH = f"{_API}/settings/push-certificate"
_ADE = f"{_API}/settings/apple/ade"
_POSTURE = f"{_API}/settings/posture"
_ANCHORS = f"{_API}/settings/apple/ota-anchors"
_WINDOWS = f"{_API}/settings/windows"
_GOOGLE = f"{_API}/settings/google"
_ANDROID = f"{_API}/settings/android"
_HTML = "text/html; charset=utf-8"

# fmt: off
ROUTES: tuple[Route[Any], ...] = (
    Route("GET", f"{_API}/health", PUBLIC, "Is it alive", about.health, Nothing, about.Health),
    Route("GET", f"{_API}/version", PUBLIC, "Which version is it", about.version, Nothing, about.Version),
    Route("GET", f"{_API}/openapi.json", PUBLIC, "This document", about.openapi, Nothing),
    Route("POST", f"{_API}/sessions", PUBLIC, "Sign in", sessions.create, sessions.Credentials, sessions.Session, 201),
    Route("POST", f"{_API}/sessions/refresh", PUBLIC, "Go on with a session", sessions.refresh,
          sessions.Refresh, sessions.Session, 201),
    Route("GET", f"{_API}/me", "self.read", "Who am I", sessions.me, Nothing, sessions.Me),

    Route("POST", f"{_API}/invitations", "invitation.create", "Invite devices to enroll", invitations.create,
          invitations.NewInvitation, invitations.CreatedInvitation, 201, idempotent=True),
    Route("GET", f"{_API}/invitations", "invitation.read", "All invitations, oldest first", invitations.index,
          Paging, invitations.Invitations),
    Route("GET", f"{_API}/invitations/{{invitation_id}}", "invitation.read", "One invitation", invitations.show,
          Nothing, invitations.InvitationView),
    Route("DELETE", f"{_API}/invitations/{{invitation_id}}", "invitation.revoke", "Withdraw an invitation",
          invitations.revoke, Nothing, invitations.InvitationView),

    Route("GET", f"{_API}/devices", "device.read", "List or find devices", devices.index,
          devices.DeviceQuery, devices.Devices),
    Route("GET", _DEVICE, "device.read", "One device with its inventory", devices.show, Nothing, devices.DeviceDetail),
    Route("PATCH", _DEVICE, "device.write", "Change owner, groups, ownership or name", devices.update,
          devices.DeviceUpdate, devices.DeviceView),
    Route("DELETE", _DEVICE, "device.delete", "Delete the record of a device that has left", devices.delete,
          devices.Removal, None, 204),
    Route("POST", f"{_DEVICE}/retire", "device.retire", "End the management, keep the record", devices.retire,
          devices.Retirement, devices.DeviceView, 202),
    Route("GET", f"{_DEVICE}/actions", "device.read", "What this device can do, and why not", commands.actions,
          Nothing, commands.Actions),

    Route("POST", f"{_DEVICE}/commands", "command.request", "Ask a device to do something", commands.create,
          commands.NewCommand, commands.CommandView, 202, idempotent=True, again=commands.again),
    Route("GET", f"{_DEVICE}/commands", "command.read", "Open commands, then finished ones, newest first",
          commands.index, commands.History, commands.Commands),
    Route("GET", f"{_DEVICE}/commands/{{command_id}}", "command.read", "One command", commands.show,
          Nothing, commands.CommandView),
    Route("DELETE", f"{_DEVICE}/commands/{{command_id}}", "command.cancel", "Cancel a command that was not sent",
          commands.cancel, Nothing, commands.CommandView),

    Route("GET", f"{_DEVICE}/escrow", "escrow.list", "Which secrets are held", escrow.index, Nothing, escrow.Held),
    Route("POST", f"{_DEVICE}/escrow/{{kind}}/reveal", "escrow.reveal", "Reveal a secret, with a reason",
          escrow.reveal, escrow.RevealRequest, escrow.Revealed),

    Route("GET", f"{_API}/findings", "finding.read", "Open posture findings", findings.index,
          findings.FindingQuery, findings.Findings),

    Route("POST", f"{_API}/reports", "report.run", "Run a report", reports.create,
          reports.NewReport, reports.ReportView, 202, idempotent=True),
    Route("GET", f"{_API}/reports", "report.read", "All reports, oldest first", reports.index,
          Paging, reports.Reports),
    Route("GET", f"{_API}/reports/{{report_id}}", "report.read", "One report", reports.show,
          Nothing, reports.ReportView),
    Route("GET", f"{_API}/reports/{{report_id}}/download", "report.read", "A link to the file", reports.download,
          reports.Download, reports.Link, 302),

    Route("GET", f"{_API}/audit", "audit.read", "Audit entries", audit.index, audit.AuditQuery, audit.Entries),
    Route("GET", f"{_API}/audit/export", "audit.read", "The whole trail as JSON Lines", audit.export, Nothing,
          media=audit.JSON_LINES),

    Route("POST", f"{_PUSH}/request", "trust.write", "A certificate request for Apple", push_certificate.request,
          push_certificate.VendorKey, push_certificate.CertificateRequest),
    Route("PUT", _PUSH, "trust.write", "Upload the certificate that Apple issued", push_certificate.upload,
          push_certificate.Upload, push_certificate.PushCertificate),
    Route("GET", _PUSH, "settings.read", "The push certificate in use", push_certificate.show,
          Nothing, push_certificate.PushCertificate),

    Route("POST", f"{_ADE}/key", "trust.write", "A key for the server at Apple", ade.create_key, Nothing, ade.AdeKey),
    Route("PUT", _ADE, "trust.write", "Link the server at Apple", ade.link, ade.NewAdeLink, ade.AdeLink),
    Route("GET", _ADE, "settings.read", "The server at Apple that is linked", ade.show, Nothing, ade.AdeLink),

    Route("GET", _POSTURE, "settings.read", "The posture rules", settings.posture, Nothing, settings.PostureView),
    Route("PUT", _POSTURE, "settings.write", "Set the posture rules", settings.set_posture,
          settings.PostureRules, settings.PostureView),
    Route("GET", _ANCHORS, "settings.read", "Whom over-the-air enrollment believes", settings.anchors,
          Nothing, settings.Anchors),
    Route("PUT", _ANCHORS, "trust.write", "Open over-the-air enrollment", settings.set_anchors,
          settings.NewAnchors, settings.Anchors),
    Route("DELETE", _ANCHORS, "trust.write", "Close over-the-air enrollment", settings.clear_anchors,
          Nothing, None, 204),
    Route("GET", f"{_WINDOWS}/enrollment", "settings.read", "May people sign in to enroll a PC", windows.enrollment,
          Nothing, windows.WindowsEnrollmentView),
    Route("PUT", f"{_WINDOWS}/enrollment", "trust.write", "Open or close the sign-in page", windows.set_enrollment,
          windows.WindowsEnrollment, windows.WindowsEnrollmentView),
    Route("GET", f"{_WINDOWS}/entra", "settings.read", "Whose Entra tokens are believed", windows.entra,
          Nothing, windows.WindowsEntraView),
    Route("PUT", f"{_WINDOWS}/entra", "trust.write", "Name Entra tenants and applications", windows.set_entra,
          windows.WindowsEntra, windows.WindowsEntraView),
    Route("GET", f"{_WINDOWS}/terms", "settings.read", "What is shown before a PC enrolls with Entra", windows.terms,
          Nothing, windows.WindowsTermsView),
    Route("PUT", f"{_WINDOWS}/terms", "settings.write", "Set the terms of use", windows.set_terms,
          windows.WindowsTerms, windows.WindowsTermsView),
    Route("GET", f"{_WINDOWS}/wns", "settings.read", "The package whose notifications wake PCs", windows.push,
          Nothing, windows.WindowsPushView),
    Route("PUT", f"{_WINDOWS}/wns", "trust.write", "Set the push package and its secret", windows.set_push,
          windows.WindowsPush, windows.WindowsPushView),
    Route("GET", _GOOGLE, "settings.read", "How Muster is connected to Google", google.show,
          Nothing, google.GoogleView),
    Route("PUT", _GOOGLE, "trust.write", "Connect to Google", google.connect,
          google.NewGoogleConnection, google.GoogleView),
    Route("DELETE", _GOOGLE, "trust.write", "Forget the connection to Google", google.disconnect, Nothing, None, 204),
    Route("GET", _ANDROID, "settings.read", "The Android enterprise", android.show, Nothing, android.AndroidView),
    Route("POST", f"{_ANDROID}/sign-up", "trust.write", "Begin the sign-up for Android", android.sign_up,
          Nothing, android.AndroidSignUp, 201),
    Route("PUT", f"{_ANDROID}/enterprise", "trust.write", "Bind an enterprise that exists", android.use,
          android.AndroidEnterprise, android.AndroidView),
    Route("GET", f"{_ANDROID}/policies/{{mode}}", "settings.read", "The Android policy of one mode", android.policy,
          Nothing, android.AndroidPolicyView),
    Route("PUT", f"{_ANDROID}/policies/{{mode}}", "settings.write", "Set the Android policy of one mode",
          android.set_policy, android.NewAndroidPolicy, android.AndroidPolicyView),
    Route("GET", f"{_API}/warnings", "settings.read", "What is about to expire", settings.warnings,
          Nothing, settings.Warnings),

    Route("POST", f"{_API}/tokens", "token.manage", "Create an API token", tokens.create,
          tokens.NewToken, tokens.CreatedToken, 201, idempotent=True),
    Route("GET", f"{_API}/tokens", "token.manage", "All API tokens", tokens.index, Paging, tokens.Tokens),
    Route("DELETE", f"{_API}/tokens/{{token_id}}", "token.manage", "Revoke an API token", tokens.revoke,
          Nothing, None, 204),

    Route("GET", "/", PUBLIC, "Where you are", pages.landing, pages.Visit, media=_HTML),
    Route("GET", "/healthz", PUBLIC, "Is it alive", about.health, Nothing, about.Health),
    Route("GET", "/static/{name}", PUBLIC, "Styles of the pages", pages.static, pages.Visit),
    Route("GET", "/enroll/{code}", PUBLIC, "Enroll a device", pages.enroll, pages.Visit, media=_HTML),
    Route("GET", "/enroll/{code}/qr.svg", PUBLIC, "The link as QR code", pages.qr_svg, pages.Visit,
          media="image/svg+xml"),
    Route("GET", "/enroll/{code}/qr.png", PUBLIC, "The link as QR code", pages.qr_png, pages.Visit,
          media="image/png"),
    Route("GET", "/windows/signin", PUBLIC, "Sign in to enroll a PC", windows_signin.show, windows_signin.Arrival,
          media=_HTML),
    Route("POST", "/windows/signin", PUBLIC, "Sign in to enroll a PC", windows_signin.enter, windows_signin.SignIn,
          media=_HTML, form=True),
    Route("GET", "/windows/terms", PUBLIC, "Terms of use", windows_terms.show, windows_terms.Question, media=_HTML),
    Route("POST", "/windows/terms", PUBLIC, "Accept or decline them", windows_terms.decide, windows_terms.Decision,
          media=_HTML, form=True),
    Route("GET", "/android/callback", PUBLIC, "Back from the sign-up for Android", android_callback.finish,
          android_callback.Return, media=_HTML),
)
# fmt: on
