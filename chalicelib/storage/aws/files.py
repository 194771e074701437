"""Files and evidence on S3."""

import base64
import hashlib
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from chalicelib.core.errors import AlreadyExists, BadRequest, NotFound
from chalicelib.storage.aws.client import AwsRefused, Session
from chalicelib.storage.aws.signing import Request, Signer, encode

LONGEST_LINK = 300


class S3Blobs:
    """`now` is the wall clock that the signature of a link is checked against."""

    def __init__(self, session: Session, bucket: str, now: Callable[[], float] = time.time) -> None:
        self._session, self._bucket, self._now = session, bucket, now

    def put(self, key: str, body: bytes, content_type: str = "application/octet-stream") -> None:
        self._session.s3("PUT", self._bucket, key, headers={"content-type": content_type}, body=body)
        self._session.meter.record("s3.put", size=len(body))

    def get(self, key: str) -> bytes:
        return _get(self._session, self._bucket, key)

    def link(self, key: str, seconds: int, filename: str) -> str:
        if not 0 < seconds <= LONGEST_LINK:
            raise BadRequest(f"A link lives between 1 and {LONGEST_LINK} seconds.")
        origin, path = self._session.s3_place(self._bucket, key)
        signer = Signer(self._session.credentials, self._session.region, "s3")
        query = {"response-content-disposition": f"attachment; filename*=UTF-8''{encode(filename)}"}
        request = Request("GET", urlsplit(origin).netloc, path, {})
        return f"{origin}{path}?{signer.link(request, seconds, query, self._now())}"


class S3Evidence:
    """A bucket with a default retention (Object Lock); nothing in it is ever written twice."""

    def __init__(self, session: Session, bucket: str) -> None:
        self._session, self._bucket = session, bucket

    def put(self, key: str, body: bytes, content_type: str) -> None:
        self._session.meter.record("s3.put", size=len(body))
        checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()  # S3 asks for one under Object Lock
        headers = {"content-type": content_type, "if-none-match": "*", "x-amz-checksum-sha256": checksum}
        try:
            self._session.s3("PUT", self._bucket, key, headers=headers, body=body)
        except AwsRefused as refused:
            if refused.http_status not in (409, 412):
                raise
            if _get(self._session, self._bucket, key) != body:  # equal: our own write, or a repeat of the message
                raise AlreadyExists(
                    "This piece of evidence exists with another content; it is kept as it was."
                ) from refused


def _get(session: Session, bucket: str, key: str) -> bytes:
    session.meter.record("s3.get")
    try:
        return session.s3("GET", bucket, key).body
    except AwsRefused as refused:
        if refused.http_status != 404:
            raise
        raise NotFound("There is no such file.") from refused
