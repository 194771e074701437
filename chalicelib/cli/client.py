"""Muster's API over HTTPS: one call, one answer, or one sentence on what went wrong."""

import json
import ssl
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError, SSLError

from chalicelib.cli import contexts
from chalicelib.cli.contexts import Context
from chalicelib.cli.failures import BY_STATUS, Failure, Misuse, NotAllowed, NotFound, Unreachable

SESSIONS = "/sessions"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TIMEOUT = urllib3.Timeout(connect=5, read=35)


class Client:
    """Repeats a request that got no answer only where a repeat is harmless: GET, and POST with its Idempotency-Key."""

    def __init__(self, context: Context) -> None:
        _check(context.url)
        self.context = context
        self._token = context.token
        self._pool = _pool(context.ca_file)

    def get(self, path: str, **query: Any) -> Any:
        return self._json("GET", path, query=query)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._json("POST", path, body=body, headers={"Idempotency-Key": str(uuid.uuid4())})

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._json("PUT", path, body=body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._json("PATCH", path, body=body)

    def delete(self, path: str, **query: Any) -> Any:
        return self._json("DELETE", path, query=query)

    def items(self, path: str, limit: int = 0, **query: Any) -> Iterator[dict[str, Any]]:
        """All items of a list, page by page; at most `limit` where it is given."""
        cursor, count = "", 0
        while True:
            page = self.get(path, cursor=cursor, limit=min(limit - count, 200) if limit else 200, **query)
            yield from page["items"]
            count += len(page["items"])
            cursor = page["next"]
            if not cursor or (limit and count >= limit):
                return

    def raw(self, path: str, **query: Any) -> bytes:
        """A body that is not JSON; a redirect to the file store is followed without the token."""
        response = self._send("GET", path, query=query)
        if response.status == 302:
            return self.download(str(response.headers["Location"]))
        return bytes(response.data)

    def download(self, url: str) -> bytes:
        response = self._request("GET", url, {}, None, repeat=True)
        if response.status != 200:
            raise Failure(
                f"The download was refused ({response.status}); a link works for five minutes, ask for a new one."
            )
        return bytes(response.data)

    def sign_in(self, username: str, password: str) -> Context:
        """The context with its session. NotAllowed."""
        session = self._json("POST", SESSIONS, body={"username": username, "password": password})
        self.context = replace(self.context, username=username)
        return self._opened(session)

    def _opened(self, session: Mapping[str, Any]) -> Context:
        self._token = str(session["access_token"])
        self.context = replace(self.context, token=self._token, refresh_token=str(session["refresh_token"]))
        return self.context

    def _json(self, method: str, path: str, **parts: Any) -> Any:
        response = self._send(method, path, **parts)
        try:
            return json.loads(response.data) if response.data else None
        except ValueError:
            raise Unreachable(f"{self.context.url} answered, but not as Muster does; check the address.") from None

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        asked = {name: value for name, value in (query or {}).items() if value not in ("", None)}
        url = f"{self.context.url}/api/v1{path}" + (f"?{urlencode(asked)}" if asked else "")
        content = None if body is None else json.dumps(body).encode()
        response = self._authorized(method, url, headers or {}, content)
        if response.status in (401, 403) and not path.startswith(SESSIONS) and self._renew(response.status):
            response = self._authorized(method, url, headers or {}, content)
        if response.status >= 400:
            raise _failure(response)
        return response

    def _authorized(
        self, method: str, url: str, extra: Mapping[str, str], content: bytes | None
    ) -> urllib3.BaseHTTPResponse:
        headers = {"Accept": "application/json", **extra}
        headers |= {"Content-Type": "application/json"} if content is not None else {}
        headers |= {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return self._request(method, url, headers, content, repeat=method == "GET" or "Idempotency-Key" in extra)

    def _renew(self, status: int) -> bool:
        """Whether it is worth asking again. The development stack's password is known, and its token is no person."""
        if self.context.password and (status == 401 or not self.context.refresh_token):
            self.sign_in(self.context.username, self.context.password)
            return True
        return status == 401 and bool(self.context.refresh_token) and self._refresh()

    def _refresh(self) -> bool:
        """Another access token, which the next call finds; False where the session is over."""
        try:
            session = self._json("POST", f"{SESSIONS}/refresh", body={"refresh_token": self.context.refresh_token})
        except NotAllowed:
            return False
        contexts.save(self._opened(session), current=False)
        return True

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, *, repeat: bool
    ) -> urllib3.BaseHTTPResponse:
        retries = urllib3.Retry(
            total=3 if repeat else 0, status_forcelist=(502, 503, 504) if repeat else (), allowed_methods=None,
            backoff_factor=0.3, raise_on_status=False, redirect=False,
        )  # fmt: skip
        try:
            return self._pool.request(method, url, body=content, headers=headers, retries=retries, redirect=False)
        except HTTPError as error:
            raise _unreachable(url, error) from None


def segment(text: str) -> str:
    return quote(text, safe="")


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return
    if parts.scheme != "https" or not parts.hostname:
        raise Misuse(f"{url!r} is not an https address.")


def _pool(ca_file: str) -> urllib3.PoolManager:
    if ca_file and not Path(ca_file).is_file():
        raise Misuse(f"The CA file {ca_file} is not there; give another with `muster login --ca-file`.")
    trust = ssl.create_default_context()  # the file store that downloads come from has a public certificate
    if ca_file:
        trust.load_verify_locations(ca_file)
    return urllib3.PoolManager(ssl_context=trust, timeout=_TIMEOUT)


def _failure(response: urllib3.BaseHTTPResponse) -> Failure:
    detail = f"Muster answered {response.status}."
    try:
        problem = json.loads(response.data)
        detail = str(problem.get("detail") or detail)
    except (ValueError, AttributeError):
        if response.status == 404:
            return NotFound("There is no Muster at this address; check the URL.")
    if response.status == 401:
        detail = f"{detail} Run `muster login`." if "muster login" not in detail else detail
    return BY_STATUS.get(response.status, Failure)(detail)


def _unreachable(url: str, error: HTTPError) -> Unreachable:
    host = urlsplit(url).netloc
    cause = error.reason if isinstance(error, MaxRetryError) else error
    if isinstance(cause, SSLError):
        return Unreachable(
            f"{host} shows a certificate that is not trusted; name its CA with `muster login --ca-file`."
        )
    return Unreachable(f"{host} does not answer; is Muster running there, and are you online?")
