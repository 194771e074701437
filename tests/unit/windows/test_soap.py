"""Envelopes: what is read whatever the prefixes, and what is refused."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.errors import BadRequest, MusterError, TooLarge, Unauthenticated, Unprocessable
from chalicelib.platforms.windows import faults, soap
from chalicelib.platforms.windows.soap import Binary, InvalidSecurity, Password
from tests.unit.windows.enrolling import CAPTURES, binary, envelope, get_policies, needs_captures, password


@needs_captures
def test_the_captured_header_is_read() -> None:
    read = soap.read((CAPTURES / "02-getpolicies.request.xml").read_bytes())
    assert read.action.endswith("/IPolicy/GetPolicies")
    assert read.message_id == "urn:uuid:72048B64-0F19-448F-8C2E-B4C661860AA0"
    assert read.body.name == "GetPolicies"
    token = soap.token(read)
    assert isinstance(token, Password)
    assert (token.username, token.password.reveal()) == ("demio", "demo")
    assert "demo" not in repr(token).replace("demio", "")


def test_prefixes_encoding_and_comments_do_not_matter() -> None:
    text = get_policies(password("se<!-- -->cret")).decode()
    token = soap.token(soap.read(('<?xml version="1.0" encoding="utf-16"?>' + text).encode("utf-16")))
    assert isinstance(token, Password)
    assert token.password.reveal() == "secret"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text[:-20],
        lambda text: text.replace("S:Envelope", "S:Envelop"),
        lambda text: text.replace(
            "http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/"
        ),
        lambda text: text.replace("S:Header", "S:Head"),
        lambda text: text.replace("S:Body", "S:Corpse"),
        lambda text: text.replace("<GetPolicies", "<Other/><GetPolicies"),
        lambda text: text.replace("<w:MessageID>", "<w:MessageID>1</w:MessageID><w:MessageID>"),
        lambda text: text.replace("<w:MessageID>", "<w:MessageID>" + "x" * 300),
        lambda text: '<!DOCTYPE x [<!ENTITY e "x">]>' + text,
        lambda text: text.replace("whoever", "&e;"),
        lambda text: "<a>" * 100 + text + "</a>" * 100,
    ],
)
def test_a_bad_envelope_is_refused(spoil) -> None:  # type: ignore[no-untyped-def]
    good = get_policies(password("x")).decode()
    soap.read(good.encode())
    with pytest.raises(BadRequest):
        soap.read(spoil(good).encode())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_doctype_is_refused_in_any_encoding(encoding: str) -> None:
    good = get_policies(password("x")).decode()
    soap.read(good.encode(encoding))
    with pytest.raises(BadRequest):
        soap.read(("<!DOCTYPE x>" + good).encode(encoding))


def test_a_large_message_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge):
        soap.read(b"<" + b"x" * soap.CAP)


@pytest.mark.parametrize(
    ("security", "error"),
    [
        ("", Unauthenticated),
        (password("x").replace("UsernameToken", "OtherToken"), Unauthenticated),
        (password("x").replace("<Password>x</Password>", ""), InvalidSecurity),
        (password("x").replace("<Password>", '<Password Type="…#PasswordDigest">'), InvalidSecurity),
        (password("x").replace("</Security>", "<UsernameToken><Password>y</Password></UsernameToken></Security>"),
         InvalidSecurity),
        (password("x").replace("</Security>", "<BinarySecurityToken>eA==</BinarySecurityToken></Security>"),
         InvalidSecurity),
    ],
)  # fmt: skip
def test_the_proof_is_one_or_none(security: str, error: type[MusterError]) -> None:
    with pytest.raises(error):
        soap.token(soap.read(get_policies(security)))


def test_a_binary_token_is_kept_with_its_type() -> None:
    token = soap.token(soap.read(get_policies(binary("hello", "urn:x"))))
    assert isinstance(token, Binary)
    assert (token.value_type, soap.decode(token.value.reveal())) == ("urn:x", b"hello")


def test_base64_of_both_alphabets_and_with_line_feeds() -> None:
    data = bytes(range(256))
    for encode in (base64.b64encode, base64.urlsafe_b64encode, base64.encodebytes):
        text = encode(data).decode()
        assert soap.decode(text) == soap.decode(text.rstrip("=\n")) == soap.decode(text.replace("\n", "\r\n")) == data
    for bad in ("a", "!!!!", "aa=a", "ä"):
        with pytest.raises(BadRequest):
            soap.decode(bad)


def test_what_xml_cannot_carry_is_not_written() -> None:
    tree = soap.Tree("x")
    soap.add(tree, "y", "a<&>\"'b", {"z": "<&\"'"})
    assert b"a&lt;&amp;&gt;" in soap.serialise(tree)
    soap.add(tree, "y", "\x0b")
    with pytest.raises(Unprocessable):
        soap.serialise(tree)


def test_every_error_becomes_a_fault() -> None:
    def kinds(base: type[MusterError]) -> set[type[MusterError]]:
        return {base, *(each for child in base.__subclasses__() for each in kinds(child))}

    known = {"MessageFormat", "Authentication", "Authorization", "CertificateRequest", "EnrollmentServer"}
    types = {"DeviceCapReached", "DeviceNotSupported", "NotSupported", "NotEligibleToRenew", "InMaintenance",
             "UserLicense", "InvalidEnrollmentData", ""}  # fmt: skip
    for sort in (each for each in kinds(MusterError) if each.__module__ == MusterError.__module__):
        kind = faults.kind_of(sort("No."))
        assert kind.subcode in {f"s:{name}" for name in known} | {"a:InternalServiceFault", "a:InvalidSecurity"}
        assert kind.error_type in types
    assert faults.kind_of(MusterError("x")) == faults.INTERNAL
    assert b"secret" not in faults.response(MusterError("secret")).body


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_an_envelope_or_a_refusal(body: bytes) -> None:
    for message in (body, envelope("x", "").replace(b"<S:Body>", b"<S:Body>" + body)):
        with suppress(BadRequest):
            soap.read(message)


CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")


@given(st.text(CHARACTERS))
@settings(max_examples=200, deadline=None)
def test_what_is_written_reads_back(text: str) -> None:
    tree = soap.Tree("Word")
    tree.text = text
    tree.set("attribute", text)
    read = soap.read(soap.answer("act", "id", tree))
    assert (read.body.text, read.body.attributes["attribute"]) == (text, text)
