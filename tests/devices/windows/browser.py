"""A browser's part of the enrollment: pages, forms, cookies and redirects, as Edge or the sign-in window does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from lxml import html

from tests.devices.apple.transport import Transport
from tests.devices.windows.complaints import Complaint, PasswordDeclined, ServerRefused

EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 "
    "Safari/537.36 Edg/130.0.0.0"
)
REDIRECTS = (301, 302, 303, 307, 308)
SCHEME = "ms-device-enrollment"


@dataclass(frozen=True)
class Page:
    """Where the browser ended; location where it was sent out of the web."""

    url: str
    status: int
    text: str
    location: str = ""

    @property
    def document(self) -> html.HtmlElement:
        return html.document_fromstring(self.text or "<html></html>")


@dataclass(frozen=True)
class DeepLink:
    """`ms-device-enrollment:?mode=mdm&…` taken apart."""

    username: str
    server: str
    parameters: Mapping[str, str]


class Browser:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._cookies: dict[str, dict[str, str]] = {}

    def open(self, url: str, headers: Mapping[str, str] | None = None) -> Page:
        return self._go("GET", url, b"", headers or {})

    def submit(self, page: Page, form: html.HtmlElement, values: Mapping[str, str], button: str = "") -> Page:
        """All fields of the form, with these values for some."""
        fields = dict(form.form_values())
        fields |= values
        pressed = [one for one in form.xpath(".//button|.//input[@type='submit']") if one.get("name") == button]
        if button and pressed:
            fields[button] = pressed[0].get("value", "")
        action = urljoin(page.url, form.get("action") or page.url)
        if (form.method or "GET").upper() == "GET":
            return self._go("GET", _with(action, fields), b"", {})
        return self._go(
            "POST", action, urlencode(fields).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
        )

    def _go(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Page:
        for _ in range(10):
            host = urlsplit(url).netloc
            sent = {"User-Agent": EDGE, "Accept": "text/html,application/xhtml+xml", **headers}
            if self._cookies.get(host):
                sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies[host].items())
            reply = self._transport(method, url, sent, body)
            jar = self._cookies.setdefault(host, {})
            for name, morsel in SimpleCookie(reply.headers.get("set-cookie", "")).items():
                jar[name] = morsel.value
            if reply.status not in REDIRECTS:
                return Page(url, reply.status, reply.body.decode(errors="replace"))
            target = urljoin(url, reply.headers.get("location", ""))
            if urlsplit(target).scheme not in ("https", "http"):
                return Page(url, reply.status, "", reply.headers.get("location", ""))
            url, method, body = target, "GET", b""
            headers = {name: value for name, value in headers.items() if name == "Authorization"}
        raise Complaint(f"the page redirects without end: {url}")


def _with(url: str, fields: Mapping[str, str]) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(fields)}"


def shown(page: Page) -> Page:
    if page.status != 200:
        raise ServerRefused(f"the page {page.url} answered {page.status}", page.status, page.text.encode())
    return page


# -- deep link


def deep_link(page: Page) -> DeepLink:
    links = [one for one in page.document.xpath("//a/@href") if one.lower().startswith(f"{SCHEME}:")]
    if not links:
        raise Complaint(f"the page {page.url} has no {SCHEME} link for Edge on Windows")
    return read_deep_link(links[0])


def read_deep_link(link: str) -> DeepLink:
    parts = urlsplit(link)
    if parts.scheme.lower() != SCHEME or parts.path.strip("/") or parts.netloc:
        raise Complaint(f"{link} is no deep link of Windows")
    said = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
    if said.get("mode") not in ("mdm", "awa", "aadj"):
        raise Complaint(f"the deep link's mode is {said.get('mode')}")
    if said.get("ownership", "1") not in ("1", "2", "3"):
        raise Complaint(f"the deep link's ownership is {said['ownership']}")
    return DeepLink(said.get("username", ""), said.get("servername", ""), said)


# -- federated sign-in


def sign_in(browser: Browser, url: str, app: str, username: str, password: str, login_hint: str) -> str:
    """The wresult that the last page posts to the app by itself."""
    page = shown(browser.open(_with(url, {"appru": app, "login_hint": login_hint})))
    for _ in range(6):
        handed = _handed_over(page, app)
        if handed is not None:
            return handed
        forms = _to_fill(page)
        if not forms:
            raise PasswordDeclined(f"{page.url} has no form to sign in with, and hands nothing over")
        page = shown(browser.submit(page, forms[0], _filled(forms[0], username, password)))
    raise PasswordDeclined(f"the sign-in at {url} does not end: {' '.join(page.document.text_content().split())[:200]}")


def _handed_over(page: Page, app: str) -> str | None:
    for form in page.document.forms:
        if "wresult" in form.fields:
            if form.get("action") != app:
                raise Complaint(f"wresult is posted to {form.get('action')}, appru was {app}")
            if (form.method or "").upper() != "POST" or form.inputs["wresult"].get("type") != "hidden":
                raise Complaint("wresult has to be a hidden field of a POST form")
            scripted = page.document.xpath("//script|//body[@onload]")
            if not scripted:
                raise Complaint("the form with wresult is not sent by itself")
            return str(form.fields["wresult"])
    return None


def _to_fill(page: Page) -> list[html.HtmlElement]:
    return [form for form in page.document.forms if _inputs(form, ("password", "email", "text"))]


def _inputs(form: html.HtmlElement, kinds: Sequence[str]) -> list[html.HtmlElement]:
    return [one for one in form.xpath(".//input") if (one.get("type") or "text").lower() in kinds and one.get("name")]


def _filled(form: html.HtmlElement, username: str, password: str) -> dict[str, str]:
    values = {one.get("name"): password for one in _inputs(form, ("password",))}
    for one in _inputs(form, ("email", "text"))[:1]:
        values[one.get("name")] = username
    return values


# -- terms of use


def accept_terms(browser: Browser, url: str, redirect_uri: str, query: Mapping[str, str], token: str) -> str:
    """The OpaqueBlob of the redirect back."""
    page = browser.open(_with(url, {"redirect_uri": redirect_uri, **query}), {"Authorization": f"Bearer {token}"})
    if not page.location:
        shown(page)
        accepting = [form for form in page.document.forms if _accepts(form)]
        if not accepting:
            raise Complaint(f"the terms at {page.url} cannot be accepted")
        form = accepting[0]
        page = browser.submit(page, form, {}, _accepts(form)[0].get("name") or "")
    if not page.location.startswith(redirect_uri):
        raise PasswordDeclined(f"the terms lead to {page.location or page.url} ({page.status}), not back to Windows")
    said = {name: values[0] for name, values in parse_qs(urlsplit(page.location).query).items()}
    if said.get("IsAccepted", "").lower() != "true":
        raise PasswordDeclined(f"the terms were not accepted: {said}")
    if not said.get("OpaqueBlob"):
        raise Complaint("the redirect from the terms carries no OpaqueBlob")
    return said["OpaqueBlob"]


def _accepts(form: html.HtmlElement) -> list[html.HtmlElement]:
    buttons = form.xpath(".//button|.//input[@type='submit']")
    words = [(one, " ".join([one.text_content(), *one.attrib.values()]).lower()) for one in buttons]
    return [one for one, text in words if "accept" in text]
