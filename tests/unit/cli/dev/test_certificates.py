"""The front door's certificates, whatever became of their files; and the CA that devices are known by."""

import ssl
import warnings
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chalicelib.cli.dev.certificates import Certificates
from chalicelib.cli.dev.session import _root
from chalicelib.cli.dev.state import State
from chalicelib.pki import scep
from tests.devices.apple.forge import Authority

OTHER_KEY = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture
def state(tmp_path: Path) -> State:
    found = State(tmp_path / "state")
    found.prepare()
    return found


def contents(made: Certificates) -> tuple[bytes, ...]:
    return tuple(file.read_bytes() for file in (made.ca, made.chain, made.key))


def test_they_are_made_once(state: State) -> None:
    assert contents(Certificates(state)) == contents(Certificates(state))


@pytest.mark.parametrize("name", ["ca.pem", "server.pem", "server.key"])
@pytest.mark.parametrize("junk", [b"junk", b"", b"\xff\x00", None, OTHER_KEY, Authority("Stranger").pem.encode()])
def test_what_does_not_fit_is_made_anew(state: State, name: str, junk: bytes | None) -> None:
    before = contents(Certificates(state))
    (state.folder / name).unlink()
    if junk is not None:
        (state.folder / name).write_bytes(junk)
    made = Certificates(state)
    assert not set(contents(made)) & set(before)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made.chain, made.key)


@pytest.mark.parametrize("first", [True, False])
def test_the_ca_is_found_in_any_order_without_a_warning(first: bool) -> None:
    """DER wants a set sorted: one of the two orders is not."""
    ca = Authority("Device CA")
    leaf = ca.issue("registration authority").certificate
    answer, _ = scep.getcacert([ca.der, leaf] if first else [leaf, ca.der])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _root(answer) == ca.der


def test_a_single_ca_comes_as_it_is() -> None:
    ca = Authority("Device CA")
    assert _root(scep.getcacert([ca.der])[0]) == ca.der


@pytest.mark.parametrize("answer", [b"", b"junk", Authority("Device CA").issue("leaf").certificate])
def test_an_answer_without_a_ca(answer: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  asn1crypto and ours
        _root(answer)
