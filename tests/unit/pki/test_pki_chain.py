"""Apple's device chain, here made by OpenSSL: expired, SHA-1, 1024 bits; and what a device's owner could forge."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.pki import ca, trust
from chalicelib.pki import chain as chain_of
from chalicelib.pki.errors import BadMessage, Expired, Untrusted
from chalicelib.pki.signer import LocalSigner


@dataclass(frozen=True)
class Chain:
    """Root, two CAs and a device, with SHA-1 and 1024 bits as Apple's device CA has them."""

    root: bytes
    middle: bytes
    issuing: bytes
    leaf: bytes
    issuing_key: Path


@pytest.fixture(scope="module")
def chain(openssl) -> Chain:
    keys = [openssl.new_key("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024") for _ in range(4)]
    may_issue = ("-addext", "keyUsage=critical,keyCertSign", "-sha1")

    def below(at: int, parent: bytes) -> tuple[str | Path, ...]:
        return "-CA", openssl.pem(parent), "-CAkey", keys[at]

    no_ca = ("-addext", "basicConstraints=critical,CA:FALSE", "-sha1")
    root = openssl.certify(keys[0], "/CN=Root", "-sha1")
    limited = ("-addext", "basicConstraints=critical,CA:TRUE,pathlen:1")
    middle = openssl.certify(keys[1], "/CN=Middle", *may_issue, *limited, *below(0, root))
    issuing = openssl.certify(keys[2], "/CN=Device CA", *may_issue, *below(1, middle))
    leaf = openssl.certify(keys[3], "/CN=device", *no_ca, *below(2, issuing))
    return Chain(root, middle, issuing, leaf, keys[2])


def test_a_chain_leads_to_its_root_in_any_order(chain, authority) -> None:
    chain_of.check_ignoring_time(chain.leaf, [chain.issuing, chain.middle], [authority.certificate, chain.root])
    chain_of.check_ignoring_time(chain.leaf, [chain.leaf, chain.middle, chain.issuing], [chain.root])
    chain_of.check_ignoring_time(chain.leaf, [], [chain.issuing])


def test_an_expired_chain_leads_to_its_root(now) -> None:
    past = now - timedelta(days=9000)
    signer = LocalSigner.generate()
    root = ca.self_signed_ca(signer, "Example", past, days=30)
    leaf = ca.issue(signer, root, signer.public_key, "e-1", "Muster", past, 30, 1)
    with pytest.raises(Expired):
        trust.check_issued(leaf, root, now)
    chain_of.check_ignoring_time(leaf, [], [root])


def test_a_broken_or_foreign_chain_does_not(openssl, chain, authority, device) -> None:
    twin = openssl.certify(openssl.new_key(), "/CN=Root")
    for intermediates, anchors in (
        ([chain.issuing], [chain.root]),
        ([chain.middle], [chain.root]),
        ([chain.issuing, chain.middle], [authority.certificate]),
        ([chain.issuing, chain.middle, chain.root], []),
        ([chain.issuing, chain.middle], [twin]),
        ([chain.issuing, chain.middle], [chain.leaf]),
    ):
        with pytest.raises(Untrusted):
            chain_of.check_ignoring_time(chain.leaf, intermediates, anchors)
    with pytest.raises(Untrusted):
        chain_of.check_ignoring_time(device.certificate, [chain.issuing, chain.middle], [chain.root])


def test_a_device_cannot_issue(openssl, chain) -> None:
    """Any owner of a genuine device holds a certificate and key of this chain."""
    key, own = openssl.new_key(), openssl.new_key()
    plain = ("-addext", "basicConstraints=critical,CA:FALSE")
    owner = openssl.certify(own, "/CN=owner", *plain, "-CA", openssl.pem(chain.issuing), "-CAkey", chain.issuing_key)
    made = openssl.certify(key, "/CN=made up", *plain, "-CA", openssl.pem(owner), "-CAkey", own)
    chain_of.check_ignoring_time(owner, [chain.issuing, chain.middle], [chain.root])
    with pytest.raises(Untrusted):
        chain_of.check_ignoring_time(made, [owner, chain.issuing, chain.middle], [chain.root])


def test_the_length_of_a_path_is_limited(openssl, chain) -> None:
    key, own = openssl.new_key(), openssl.new_key()
    extra = openssl.certify(own, "/CN=Extra CA", "-CA", openssl.pem(chain.issuing), "-CAkey", chain.issuing_key)
    plain = ("-addext", "basicConstraints=critical,CA:FALSE")
    made = openssl.certify(key, "/CN=device", *plain, "-CA", openssl.pem(extra), "-CAkey", own)
    chain_of.check_ignoring_time(made, [extra], [chain.issuing])
    with pytest.raises(Untrusted):
        chain_of.check_ignoring_time(made, [extra, chain.issuing, chain.middle], [chain.root])


def test_a_ca_is_no_device(chain) -> None:
    with pytest.raises(Untrusted):
        chain_of.check_ignoring_time(chain.issuing, [chain.middle], [chain.root])


def test_too_many_intermediates_are_refused_unread(chain) -> None:
    with pytest.raises(BadMessage):
        chain_of.check_ignoring_time(chain.leaf, [b"junk"] * 17, [chain.root])
