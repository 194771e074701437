"""Rules between the fields of apps. Source: descriptions of ApplicationPolicy and of what refers to it."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from chalicelib.platforms.android.policy.apps import ApplicationPolicy
from chalicelib.platforms.android.policy.rule import Rule, repeated
from chalicelib.platforms.android.policy.settings import Settings

MOST_MINIMUM_VERSIONS = 20
ALONE = ("NETWORK_ACTIVITY_LOGS", "SECURITY_LOGS", "CERT_SELECTION")
INSTALLED = ("FORCE_INSTALLED", "PREINSTALLED", "REQUIRED_FOR_SETUP", "KIOSK", "CUSTOM")
FULLY_ONLY = ("DEFAULT_ASSISTANT", "DEFAULT_HOME")
NOT_PERSONAL = ("DEFAULT_CALL_REDIRECTION", "DEFAULT_CALL_SCREENING", *FULLY_ONLY)
NOT_WORK = ("DEFAULT_SMS", *FULLY_ONLY)
FROM_PLAY = {
    "minimum_version_code": "minimumVersionCode",
    "accessible_track_ids": "accessibleTrackIds",
    "auto_update_mode": "autoUpdateMode",
    "install_constraint": "installConstraint",
    "install_priority": "installPriority",
}


def _each(wrong: Callable[[ApplicationPolicy], bool], name: str) -> Callable[[Settings], Iterator[str]]:
    def broken(policy: Settings) -> Iterator[str]:
        return (f"applications.{index}.{name}" for index, app in _apps(policy) if wrong(app))

    return broken


def _apps(policy: Settings) -> Iterable[tuple[int, ApplicationPolicy]]:
    return enumerate(policy.applications or ())


def _types(policy: Settings) -> Mapping[str, str]:
    return {app.package_name: app.install_type or "AVAILABLE" for _, app in _apps(policy)}


def _twice(policy: Settings) -> Iterator[str]:
    again = repeated(app.package_name for _, app in _apps(policy))
    return (f"applications.{index}.packageName" for index in again)


def _versions(policy: Settings) -> Iterator[str]:
    asking = [index for index, app in _apps(policy) if app.minimum_version_code]
    return (f"applications.{index}.minimumVersionCode" for index in asking[MOST_MINIMUM_VERSIONS:])


def _kiosks(policy: Settings) -> Iterator[str]:
    kiosks = [index for index, app in _apps(policy) if app.install_type == "KIOSK"]
    allowed = 0 if any(app.holds("KIOSK") for _, app in _apps(policy)) else 1
    return (f"applications.{index}.installType" for index in kiosks[allowed:])


def _roles(policy: Settings) -> Iterator[str]:
    held = [(index, number, role) for index, app in _apps(policy) for number, role in enumerate(app.roles or ())]
    again = repeated(role.role_type for _, _, role in held)
    return (f"applications.{held[at][0]}.roles.{held[at][1]}.roleType" for at in again)


def _controlled(app: ApplicationPolicy) -> bool:
    privileged = any(role.role_type != "KIOSK" for role in app.roles or ())
    return privileged and app.user_control_settings == "USER_CONTROL_ALLOWED"


def _local_wipe(app: ApplicationPolicy) -> bool:
    return any(
        role.role_type != "COMPANION_APP" and role.extra_capabilities and role.extra_capabilities.given()
        for role in app.roles or ()
    )


def _play_fields(policy: Settings) -> Iterator[str]:
    for index, app in _apps(policy):
        if app.install_type == "CUSTOM":
            yield from (
                f"applications.{index}.{FROM_PLAY[name]}" for name in FROM_PLAY if getattr(app, name) is not None
            )


def _unguided(app: ApplicationPolicy) -> bool:
    guided = bool(app.install_constraint) or bool(app.install_priority)
    return guided and app.install_type not in ("FORCE_INSTALLED", "PREINSTALLED", "CUSTOM")


def _delegated(policy: Settings) -> Iterator[str]:
    for scope in ALONE:
        holders = [index for index, app in _apps(policy) if scope in (app.delegated_scopes or ())]
        yield from (f"applications.{index}.delegatedScopes" for index in holders[1:])


def _private_keys(policy: Settings) -> Iterator[str]:
    if any("CERT_SELECTION" in (app.delegated_scopes or ()) for _, app in _apps(policy)):
        yield from ["choosePrivateKeyRules"] if policy.choose_private_key_rules else []
        yield from ["privateKeySelectionEnabled"] if policy.private_key_selection_enabled else []


def _logs(policy: Settings) -> Iterator[str]:
    delegated = {scope for _, app in _apps(policy) for scope in app.delegated_scopes or ()}
    types = (policy.usage_log and policy.usage_log.enabled_log_types) or ()
    return (f"usageLog.enabledLogTypes.{index}" for index, name in enumerate(types) if name in delegated)


def _setup_app(policy: Settings) -> Iterator[str]:
    types = _types(policy)
    for index, action in enumerate(policy.setup_actions or ()):
        if types.get(action.launch_app.package_name) != "REQUIRED_FOR_SETUP":
            yield f"setupActions.{index}.launchApp.packageName"


def _default_absent(policy: Settings) -> Iterator[str]:
    types = _types(policy)
    for index, setting in enumerate(policy.default_application_settings or ()):
        if set(setting.default_application_scopes) == {"SCOPE_PERSONAL_PROFILE"}:
            continue
        for number, app in enumerate(setting.default_applications):
            if types.get(app.package_name, "BLOCKED") == "BLOCKED":
                yield f"defaultApplicationSettings.{index}.defaultApplications.{number}.packageName"


def _default_twice(policy: Settings) -> Iterator[str]:
    again = repeated(setting.default_application_type for setting in policy.default_application_settings or ())
    return (f"defaultApplicationSettings.{index}.defaultApplicationType" for index in again)


def _default_scopes(policy: Settings) -> Iterator[str]:
    for index, setting in enumerate(policy.default_application_settings or ()):
        kind, scopes = setting.default_application_type, setting.default_application_scopes
        personal, work = "SCOPE_PERSONAL_PROFILE" in scopes, "SCOPE_WORK_PROFILE" in scopes
        both = kind == "DEFAULT_WALLET" and personal and work
        if (personal and kind in NOT_PERSONAL) or (work and kind in NOT_WORK) or both:
            yield f"defaultApplicationSettings.{index}.defaultApplicationScopes"


def _vpn_absent(policy: Settings) -> Iterator[str]:
    vpn = policy.always_on_vpn_package
    if vpn and vpn.lockdown_enabled and _types(policy).get(vpn.package_name) not in INSTALLED:
        yield "alwaysOnVpnPackage.packageName"


def _vpn_exempt(policy: Settings) -> Iterator[str]:
    vpn = policy.always_on_vpn_package
    if not (vpn and vpn.lockdown_enabled):
        for index, app in _apps(policy):
            if app.always_on_vpn_lockdown_exemption == "VPN_LOCKDOWN_EXEMPTION":
                yield f"applications.{index}.alwaysOnVpnLockdownExemption"


RULES: Mapping[str, Rule] = {
    "app-once": Rule("an app stands in the policy once", _twice),
    "minimum-versions": Rule("at most 20 apps may have a minimum version code", _versions),
    "kiosk-app-once": Rule("one app only is the kiosk app, by installType or by role", _kiosks),
    "kiosk-role-installed": Rule(
        "the role KIOSK needs installType REQUIRED_FOR_SETUP or CUSTOM",
        _each(lambda app: app.holds("KIOSK") and app.install_type not in ("REQUIRED_FOR_SETUP", "CUSTOM"), "roles"),
    ),
    "role-once": Rule("one app only holds a role", _roles),
    "role-control": Rule(
        "Google does not let users control an app with this role", _each(_controlled, "userControlSettings")
    ),
    "local-wipe": Rule("extra capabilities are for the role COMPANION_APP", _each(_local_wipe, "roles")),
    "custom-config": Rule(
        "it needs installType CUSTOM",
        _each(lambda app: app.custom_app_config is not None and app.install_type != "CUSTOM", "customAppConfig"),
    ),
    "custom-without-play": Rule("an app with installType CUSTOM does not come from Play", _play_fields),
    "custom-certificate": Rule(
        "an app with installType CUSTOM needs its signing certificate",
        _each(lambda app: app.install_type == "CUSTOM" and not app.signing_key_certs, "signingKeyCerts"),
    ),
    "constraint-set": Rule(
        "at least one constraint must be set",
        _each(lambda app: any(not each.given() for each in app.install_constraint or ()), "installConstraint"),
    ),
    "install-guided": Rule(
        "installPriority and installConstraint need installType FORCE_INSTALLED or PREINSTALLED",
        _each(_unguided, "installType"),
    ),
    "delegated-once": Rule("this scope can be delegated to one app only", _delegated),
    "certificates-delegated": Rule("it has no effect where an app has the scope CERT_SELECTION", _private_keys),
    "logs-delegated": Rule("Google ignores it where an app has this scope delegated", _logs),
    "one-configuration": Rule(
        "Google ignores the template where managedConfiguration is set",
        _each(
            lambda app: app.managed_configuration is not None and app.managed_configuration_template is not None,
            "managedConfigurationTemplate",
        ),
    ),
    "setup-app": Rule("the app must stand in applications as REQUIRED_FOR_SETUP, else setup fails", _setup_app),
    "default-app": Rule("the app must stand in applications and not be BLOCKED", _default_absent),
    "default-once": Rule("one setting only for each type", _default_twice),
    "default-scopes": Rule("this type cannot be set for these scopes", _default_scopes),
    "vpn-installed": Rule(
        "with lockdown the app must be installed by this policy, else devices go offline", _vpn_absent
    ),
    "vpn-exemption": Rule("it needs alwaysOnVpnPackage.lockdownEnabled", _vpn_exempt),
}
