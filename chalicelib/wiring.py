"""Environment in, one House out: the only place that reads os.environ."""

import os
import time
from collections.abc import Mapping
from functools import cache

from chalicelib.core.house import APPLE_PUSH, ENTRA, WNS_DOMAIN, WNS_LOGIN, House, Settings
from chalicelib.model.secret import Secret
from chalicelib.platforms.registry import PLATFORMS
from chalicelib.storage.aws.client import Session
from chalicelib.storage.aws.files import S3Blobs, S3Evidence
from chalicelib.storage.aws.identities import CognitoIdentities
from chalicelib.storage.aws.keys import ECDSA, RSA, KmsSigner, KmsVault
from chalicelib.storage.aws.queue import SqsQueue
from chalicelib.storage.aws.signing import Credentials
from chalicelib.storage.aws.tables import DynamoTables
from chalicelib.storage.layout import Table
from chalicelib.storage.records import RecordStore

TABLES = {
    Table.CORE: "MUSTER_CORE_TABLE",
    Table.COMMANDS: "MUSTER_COMMANDS_TABLE",
    Table.AUDIT: "MUSTER_AUDIT_TABLE",
    Table.IDEMPOTENCY: "MUSTER_IDEMPOTENCY_TABLE",
}


def clock() -> int:
    return int(time.time())


@cache
def house() -> House:
    """The house of this process, from its environment; nothing is called yet."""
    return build(os.environ)


def build(env: Mapping[str, str]) -> House:
    """A function that may not use a service is not told its name; what it would then call fails at once."""
    session = Session(env["AWS_REGION"], _credentials(env), endpoint=env.get("AWS_ENDPOINT_URL", ""))
    tables = {table: env.get(variable, "") for table, variable in TABLES.items()}
    return House(
        settings=_settings(env),
        clock=clock,
        store=RecordStore(DynamoTables(session, tables)),
        blobs=S3Blobs(session, env.get("MUSTER_ARTIFACTS_BUCKET", "")),
        evidence=S3Evidence(session, env.get("MUSTER_EVIDENCE_BUCKET", "")),
        vault=KmsVault(session, env.get("MUSTER_SECRETS_KEY", "")),
        wakes=SqsQueue(session, env.get("MUSTER_WAKE_QUEUE", "")),
        sweeps=SqsQueue(session, env.get("MUSTER_SWEEP_QUEUE", "")),
        reports=SqsQueue(session, env.get("MUSTER_REPORTS_QUEUE", "")),
        ca_key=KmsSigner(session, env.get("MUSTER_CA_KEY", ""), RSA),
        evidence_key=KmsSigner(session, env.get("MUSTER_EVIDENCE_KEY", ""), ECDSA),
        identities=CognitoIdentities(session, env.get("MUSTER_USER_POOL", ""), env.get("MUSTER_USER_POOL_CLIENT", "")),
        platforms=PLATFORMS,
    )


def _credentials(env: Mapping[str, str]) -> Credentials:
    secret = Secret(env["AWS_SECRET_ACCESS_KEY"])
    return Credentials(env["AWS_ACCESS_KEY_ID"], secret, env.get("AWS_SESSION_TOKEN", ""))


def _settings(env: Mapping[str, str]) -> Settings:
    return Settings(
        stage=env.get("MUSTER_STAGE", "dev"),
        organization=env.get("MUSTER_ORGANIZATION", "Muster"),
        device_url=env.get("MUSTER_DEVICE_URL", ""),
        console_url=env.get("MUSTER_CONSOLE_URL", ""),
        push_url=env.get("MUSTER_APNS_URL") or APPLE_PUSH,
        push_trust=env.get("MUSTER_APNS_CA", ""),
        manage_url=env.get("MUSTER_MANAGE_URL", ""),
        entra_url=env.get("MUSTER_ENTRA_URL") or ENTRA,
        wns_login_url=env.get("MUSTER_WNS_LOGIN_URL") or WNS_LOGIN,
        wns_domain=env.get("MUSTER_WNS_DOMAIN") or WNS_DOMAIN,
        microsoft_trust=env.get("MUSTER_MICROSOFT_CA", ""),
        google_url=env.get("MUSTER_GOOGLE_URL", ""),
        google_trust=env.get("MUSTER_GOOGLE_CA", ""),
    )
