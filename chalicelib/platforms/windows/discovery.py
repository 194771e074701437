"""Discovery: which way of enrolling, and at which addresses (MS-MDE2 §3.1.4.1)."""

import re
from dataclasses import dataclass

from chalicelib.core.errors import BadRequest
from chalicelib.platforms.windows import soap
from chalicelib.platforms.windows.faults import DeviceNotSupported, NotSupported
from chalicelib.platforms.windows.soap import Envelope, Tree, add

NAMESPACE = "http://schemas.microsoft.com/windows/management/2012/01/enrollment"
ACTION = f"{NAMESPACE}/IDiscoveryService/Discover"
REPLY = f"{NAMESPACE}/IDiscoveryService/DiscoverResponse"
DEVICE_TYPE = "CIMClient_Windows"
OLDEST = (4, 0)  # Windows 10
VERSION = "4.0"
ON_PREMISE, FEDERATED = "OnPremise", "Federated"
INVITED = "invitation"  # the user name of the invitation page's link: whoever comes with it has a code


@dataclass(frozen=True, slots=True)
class Discover:
    email: str
    policies: frozenset[str]

    @property
    def may_sign_in(self) -> bool:
        """Whether the sign-in page can be offered: not to a client that cannot show it, nor where there is a code."""
        return FEDERATED in self.policies and self.email.partition("@")[0].lower() != INVITED


def read(envelope: Envelope) -> Discover:
    """BadRequest, DeviceNotSupported."""
    request = soap.expect(envelope, "Discover", ACTION).need("request")
    if request.text_of("DeviceType") != DEVICE_TYPE:
        raise DeviceNotSupported("Only PCs with Windows 10 or 11 enroll at this address.")
    if _version(request.text_of("RequestVersion")) < OLDEST:
        raise DeviceNotSupported("This Windows is too old to enroll; update it to Windows 10 or 11.")
    policies = request.child("AuthPolicies")
    offered = frozenset(each.text.strip() for each in policies.all("AuthPolicy")) if policies else {ON_PREMISE}
    return Discover(request.text_of("EmailAddress"), frozenset(offered))


def _version(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[0-9]{1,4}\.[0-9]{1,4}", text):
        raise BadRequest("RequestVersion is not a version.")
    return tuple(int(part) for part in text.split("."))


def choose(asked: Discover, federated: bool) -> str:
    """The sign-in page where it is open and the client can show it, else a code for a password. NotSupported."""
    if federated and asked.may_sign_in:
        return FEDERATED
    if ON_PREMISE in asked.policies:
        return ON_PREMISE
    raise NotSupported("This PC asks to enroll in a way that is closed here; ask your administrator for an invitation.")


def reply(policy: str, device_url: str, sign_in_url: str) -> Tree:
    """Policy and enrollment lie on one host, as the client demands."""
    response = Tree("DiscoverResponse", {"xmlns": NAMESPACE})
    result = add(response, "DiscoverResult")
    add(result, "AuthPolicy", policy)
    add(result, "EnrollmentVersion", VERSION)
    add(result, "EnrollmentPolicyServiceUrl", f"{device_url}/windows/policy")
    add(result, "EnrollmentServiceUrl", f"{device_url}/windows/enrollment")
    if policy == FEDERATED:
        add(result, "AuthenticationServiceUrl", sign_in_url)
    return response
