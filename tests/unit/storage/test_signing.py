"""Signature Version 4 against AWS's published examples, and against botocore's signer."""

from collections.abc import Iterator
from datetime import datetime
from unittest.mock import patch
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as TheirCredentials

from chalicelib.model.secret import Secret
from chalicelib.storage.aws.signing import Credentials, Request, Signer, encode

NOW = 1_440_938_160.0  # 2015-08-30T12:36:00Z, the time of AWS's test suite
SUITE = Credentials("AKIDEXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"))


def signature(headers: dict[str, str]) -> str:
    return headers["authorization"].rpartition("Signature=")[2]


def test_get_vanilla() -> None:
    """aws-sig-v4-test-suite, get-vanilla."""
    request = Request("GET", "example.amazonaws.com", "/", {})
    headers = Signer(SUITE, "us-east-1", "service").headers(request, NOW)
    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )


def test_post_vanilla() -> None:
    """aws-sig-v4-test-suite, post-vanilla."""
    headers = Signer(SUITE, "us-east-1", "service").headers(Request("POST", "example.amazonaws.com", "/", {}), NOW)
    assert signature(headers) == "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"


def test_post_x_www_form_urlencoded() -> None:
    """aws-sig-v4-test-suite, post-x-www-form-urlencoded."""
    kind = {"content-type": "application/x-www-form-urlencoded"}
    request = Request("POST", "example.amazonaws.com", "/", kind, b"Param1=value1")
    headers = Signer(SUITE, "us-east-1", "service").headers(request, NOW)
    assert signature(headers) == "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"


def test_presigned_s3_example() -> None:
    """Amazon S3 API Reference, "Authenticating requests: using query parameters", the example."""
    credentials = Credentials("AKIAIOSFODNN7EXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))
    request = Request("GET", "examplebucket.s3.amazonaws.com", "/test.txt", {})
    query = Signer(credentials, "us-east-1", "s3").link(request, 86400, {}, 1_369_353_600.0)
    assert query.endswith("X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")


TOKENS = ["", "FwoGZXIvYXdzE/+=token"]
KEYS = ["a", "a b/ü.csv", "x+y&z=1?#%", "~-._/deep//er", "%41"]


@pytest.fixture(autouse=True)
def _same_time() -> Iterator[None]:
    now = datetime(2015, 8, 30, 12, 36)
    with patch("botocore.auth.get_current_datetime", lambda remove_tzinfo=True: now):
        yield


def _theirs(token: str) -> TheirCredentials:
    return TheirCredentials(SUITE.access_key, SUITE.secret_key.reveal(), token or None)


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("service", ["dynamodb", "sqs", "kms"])
def test_json_calls_are_signed_as_botocore_does(service: str, token: str) -> None:
    body = '{"a":"ü"}'.encode()
    kind = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.Query"}
    host = f"{service}.eu-central-1.amazonaws.com"
    credentials = Credentials(SUITE.access_key, SUITE.secret_key, token)
    ours = Signer(credentials, "eu-central-1", service).headers(Request("POST", host, "/", kind, body), NOW)
    theirs = AWSRequest("POST", f"https://{host}/", headers=kind, data=body)
    SigV4Auth(_theirs(token), service, "eu-central-1").add_auth(theirs)
    assert ours["authorization"] == theirs.headers["Authorization"]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("key", KEYS)
def test_puts_are_signed_as_botocore_does(key: str, token: str) -> None:
    host, kind = "bucket.s3.eu-central-1.amazonaws.com", {"content-type": "text/plain", "if-none-match": "*"}
    path = f"/{encode(key, safe='/')}"
    credentials = Credentials(SUITE.access_key, SUITE.secret_key, token)
    ours = Signer(credentials, "eu-central-1", "s3").headers(Request("PUT", host, path, kind, b"body"), NOW)
    theirs = AWSRequest("PUT", f"https://{host}/{quote(key, safe='/~')}", headers=kind, data=b"body")
    theirs.context["payload_signing_enabled"] = True
    S3SigV4Auth(_theirs(token), "s3", "eu-central-1").add_auth(theirs)
    assert ours["authorization"] == theirs.headers["Authorization"]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("key", KEYS)
def test_links_are_signed_as_botocore_does(key: str, token: str) -> None:
    host = "bucket.s3.eu-central-1.amazonaws.com"
    disposition = "attachment; filename*=UTF-8''ger%C3%A4te%201.csv"
    credentials = Credentials(SUITE.access_key, SUITE.secret_key, token)
    request = Request("GET", host, f"/{encode(key, safe='/')}", {})
    signer = Signer(credentials, "eu-central-1", "s3")
    ours = signer.link(request, 60, {"response-content-disposition": disposition}, NOW)
    url = f"https://{host}/{quote(key, safe='/~')}?response-content-disposition={quote(disposition, safe='-_.~')}"
    theirs = AWSRequest("GET", url)
    S3SigV4QueryAuth(_theirs(token), "s3", "eu-central-1", expires=60).add_auth(theirs)
    assert signature_of_link(ours) == signature_of_link(theirs.url)


def signature_of_link(link: str) -> str:
    return link.rpartition("X-Amz-Signature=")[2]
