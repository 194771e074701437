"""The enrollment policy: which key to make, which digest to sign the request with (MS-XCEP §3.1.4, MS-MDE2 §3.3)."""

from chalicelib.platforms.windows import soap
from chalicelib.platforms.windows.soap import Envelope, Tree, add

NAMESPACE = "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
ACTION = f"{NAMESPACE}/IPolicy/GetPolicies"
REPLY = f"{NAMESPACE}/IPolicy/GetPoliciesResponse"
KEY_BITS = 2048
SCHEMA = 3  # the first whose templates name a digest
REVISION = (101, 0)
SHA256 = "2.16.840.1.101.3.4.2.1"
HASH_GROUP = "1"
REFERENCE = "0"  # the one object identifier that the policy refers to
DAY = 86_400
NIL = {"xsi:nil": "true"}


def read(envelope: Envelope) -> None:
    """What the client tells of itself does not matter: there is one policy. BadRequest."""
    soap.expect(envelope, "GetPolicies", ACTION)


def reply(days: int, renewal_days: int) -> Tree:
    """`days` of validity of a certificate, the last `renewal_days` of which it may be renewed in."""
    root = Tree("GetPoliciesResponse", {"xmlns": NAMESPACE, "xmlns:xsi": soap.XSI})
    response = add(root, "response")
    add(response, "policyID")
    _nil(response, "policyFriendlyName", "nextUpdateHours", "policiesNotChanged")
    policy = add(add(response, "policies"), "policy")
    add(policy, "policyOIDReference", REFERENCE)
    _nil(policy, "cAs")
    _attributes(add(policy, "attributes"), days, renewal_days)
    _nil(root, "cAs")
    oid = add(add(root, "oIDs"), "oID")
    for name, value in (
        ("value", SHA256),
        ("group", HASH_GROUP),
        ("oIDReferenceID", REFERENCE),
        ("defaultName", "szOID_NIST_sha256"),
    ):
        add(oid, name, value)
    return root


def _attributes(attributes: Tree, days: int, renewal_days: int) -> None:
    add(attributes, "commonName", "Muster")
    add(attributes, "policySchema", str(SCHEMA))
    validity = add(attributes, "certificateValidity")
    add(validity, "validityPeriodSeconds", str(days * DAY))
    add(validity, "renewalPeriodSeconds", str(renewal_days * DAY))
    permission = add(attributes, "permission")
    add(permission, "enroll", "true")
    add(permission, "autoEnroll", "false")
    key = add(attributes, "privateKeyAttributes")
    add(key, "minimalKeyLength", str(KEY_BITS))
    _nil(key, "keySpec", "keyUsageProperty", "permissions", "algorithmOIDReference", "cryptoProviders")
    revision = add(attributes, "revision")
    add(revision, "majorRevision", str(REVISION[0]))
    add(revision, "minorRevision", str(REVISION[1]))
    _nil(attributes, "supersededPolicies", "privateKeyFlags", "subjectNameFlags", "enrollmentFlags", "generalFlags")
    add(attributes, "hashAlgorithmOIDReference", REFERENCE)  # nil makes the client sign with SHA-1
    _nil(attributes, "rARequirements", "keyArchivalAttributes", "extensions")


def _nil(parent: Tree, *names: str) -> None:
    for name in names:
        add(parent, name, None, NIL)
