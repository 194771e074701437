"""The enrollment page: right for the device in hand, closed to scripts, friendly when it is too late."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.web.staging import Plane, Reply

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile Safari/604.1"
IPAD = "Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
EDGE = f"{WINDOWS} Edg/130.0"


class Page(HTMLParser):
    """All elements with their attributes, and the text."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(reply.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def profile(self) -> str | None:
        return next(
            (attributes["href"] for tag, attributes in self.elements if attributes.get("id") == "profile"), None
        )


def invited(plane: Plane, **body: object) -> str:
    return plane.api("POST", "/invitations", body).json["link"].removeprefix("https://console.example.test")


def visit(plane: Plane, path: str, agent: str = IPHONE) -> Reply:
    return plane.call("GET", path, who=None, user_agent=agent)


@pytest.mark.parametrize(
    ("agent", "says"),
    [
        (IPHONE, ["Enroll this iPhone", "Profile Downloaded"]),
        (IPAD, ["Enroll this iPad", "Profile Downloaded"]),
        (MAC, ["On a Mac", "System Settings", "On an iPad", "Profile Downloaded"]),
    ],
)
def test_an_apple_device_gets_the_button_and_its_steps(plane: Plane, agent: str, says: list[str]) -> None:
    path = invited(plane)
    reply = visit(plane, path, agent)
    page = Page(reply)
    assert reply.status == 200
    assert page.profile() == f"https://devices.example.test/apple/profile/{path.rsplit('/', 1)[1]}"
    for words in says:
        assert words in page.text
    assert not [attributes for tag, attributes in page.elements if "qr" in attributes.get("src", "")]


@pytest.mark.parametrize("agent", [WINDOWS, "Mozilla/5.0 (Linux; Android 15)", "curl/8", ""])
def test_others_get_the_link_and_its_code(plane: Plane, agent: str) -> None:
    path = invited(plane)
    page = Page(visit(plane, path, agent))
    code = path.rsplit("/", 1)[1]
    assert page.profile() is None
    assert f"https://console.example.test{path}" in page.text
    assert f"{code}/qr.svg" in [attributes.get("src") for tag, attributes in page.elements if tag == "img"]


def deep_link(page: Page) -> str | None:
    return next((attributes["href"] for _, attributes in page.elements if attributes.get("id") == "deep-link"), None)


def test_a_pc_gets_a_link_into_windows_and_all_that_it_would_ask_for(plane: Plane) -> None:
    path = invited(plane)
    page = Page(visit(plane, path, EDGE))
    address = "https://devices.example.test/EnrollmentServer/Discovery.svc"
    name = "invitation@devices.example.test"
    assert deep_link(page) == f"ms-device-enrollment:?mode=mdm&username={name}&servername={address}"
    for words in ("Enroll this PC", "Enroll only in device management", name, address, path.rsplit("/", 1)[1]):
        assert words in page.text
    assert "Microsoft Edge" not in page.text
    assert "Microsoft Edge" in Page(visit(plane, path, WINDOWS)).text
    assert page.profile() is None


def test_what_is_in_an_address_cannot_leave_it(plane: Plane) -> None:
    path = invited(plane)
    settings = replace(plane.house.settings, device_url='https://devices.example.test/a&ownership=3#"><b>')
    plane.house = replace(plane.house, settings=settings)
    page = Page(visit(plane, path, EDGE))
    assert "servername=https://devices.example.test/a%26ownership%3D3%23%22%3E%3Cb%3E/Enr" in (deep_link(page) or "")
    assert "b" not in {tag for tag, _ in page.elements}


def test_a_pc_is_told_what_is_true_of_pcs(plane: Plane) -> None:
    own = Page(visit(plane, invited(plane, ownership="personal"), EDGE)).text
    corporate = Page(visit(plane, invited(plane), EDGE)).text
    assert "erase the whole PC" in own
    assert "Access work or school, Disconnect" in own
    assert "erase it, if it is lost" in corporate
    assert "Lost Mode" not in own + corporate


def test_whoever_is_on_another_device_learns_where_to_open_the_link(plane: Plane) -> None:
    path = invited(plane)
    for agent in (IPHONE, MAC, "Mozilla/5.0 (Linux; Android 15)", ""):
        page = Page(visit(plane, path, agent))
        assert re.search(r"PC with Windows.*on that PC", page.text), agent
        assert deep_link(page) is None


def test_a_browser_that_cannot_install_is_sent_to_safari(plane: Plane) -> None:
    path = invited(plane)
    assert "Safari only" in Page(visit(plane, path, IPHONE.replace("Version/18.1", "CriOS/130.0"))).text
    assert "Safari only" not in Page(visit(plane, path)).text


def test_what_the_organisation_gains_depends_on_whose_device_it_is(plane: Plane) -> None:
    own = Page(visit(plane, invited(plane, ownership="personal"))).text
    corporate = Page(visit(plane, invited(plane))).text
    assert "erase the whole device" in own
    assert "You can leave at any time" in own
    assert "erase it, if it is lost" in corporate
    assert "You can leave" not in corporate


PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}",
    "</h1><svg onload=alert(1)>",
    "'+alert(1)+'",
]


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("agent", [IPHONE, MAC, WINDOWS])
def test_names_stay_text(plane: Plane, payload: str, agent: str) -> None:
    path = invited(plane, user=payload)
    plane.house = replace(plane.house, settings=replace(plane.house.settings, organization=payload))
    page = Page(visit(plane, path, agent))
    assert payload in page.text
    assert {tag for tag, _ in page.elements} <= {
        "html", "head", "meta", "title", "link", "body", "header", "img", "span", "main", "section", "p", "h1", "h2",
        "h3", "a", "ol", "ul", "li", "div", "footer", "code", "br",
    }  # fmt: skip
    assert not [
        name for _, attributes in page.elements for name in attributes if name.startswith("on") or name == "style"
    ]


def test_the_page_runs_and_loads_nothing_foreign(plane: Plane) -> None:
    reply = visit(plane, invited(plane), WINDOWS)
    policy = reply.headers["content-security-policy"]
    assert "script-src" not in policy  # default-src 'none' holds
    for source in re.findall(r'(?:src|href)="([^"]*)"', reply.content.decode()):
        assert not source.startswith(("http:", "//", "data:", "javascript:"))
    assert "form-action 'none'" in policy
    assert b"<script" not in reply.content
    assert b"<style" not in reply.content


def test_too_late_unknown_and_nonsense(plane: Plane) -> None:
    withdrawn = invited(plane)
    plane.api("DELETE", f"/invitations/{plane.api('GET', '/invitations').json['items'][0]['id']}")
    assert visit(plane, withdrawn).status == 410
    expired = invited(plane, expires_in=300)
    plane.clock.now += 301
    for path, status in (
        (expired, 410),
        (f"/enroll/{'0' * 26}", 404),
        ("/enroll/nonsense", 404),
        ("/enroll/%3Cscript%3E", 404),
    ):
        reply = visit(plane, path)
        assert reply.status == status
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        assert "cannot be used" in Page(reply).text
        assert Page(reply).profile() is None


def test_nonsense_costs_no_read(plane: Plane) -> None:
    plane.house.store.meter.reset()
    for path in ("/enroll/nonsense", "/enroll/" + "u" * 26, "/enroll/x/qr.svg", "/enroll/x/qr.png"):
        assert visit(plane, path).status == 404
    assert plane.house.store.meter.total("").calls == 0


def test_the_codes_as_svg_and_png(plane: Plane) -> None:
    path = invited(plane)
    svg, png = visit(plane, f"{path}/qr.svg"), visit(plane, f"{path}/qr.png")
    assert (svg.status, svg.headers["content-type"]) == (200, "image/svg+xml")
    assert svg.content.startswith(b"<svg")
    assert (png.status, png.headers["content-type"], png.content[:4]) == (200, "image/png", b"\x89PNG")
    assert visit(plane, f"{invited(plane)}/qr.svg").content != svg.content


def test_the_code_may_be_typed_in_capitals_and_links_may_grow_tails(plane: Plane) -> None:
    path = invited(plane)
    assert visit(plane, f"/enroll/{path.rsplit('/', 1)[1].upper()}?utm_source=mail").status == 200


def test_styles_and_nothing_else_are_served(plane: Plane) -> None:
    styles = visit(plane, "/static/muster.css")
    assert (styles.status, styles.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "prefers-color-scheme: dark" in styles.content.decode()
    for name in ("pages.py", "..", "%2e%2e%2froutes.py", "enroll.html"):
        assert visit(plane, f"/static/{name}").status in (403, 404)


def test_landing(plane: Plane) -> None:
    page = Page(visit(plane, "/"))
    assert "Example" in page.text
    assert "api/v1/openapi.json" in [attributes.get("href") for _, attributes in page.elements]
