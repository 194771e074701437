"""Pages as answers: Jinja templates, everything in them escaped, and the policy that the browser holds them to."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.web.routing import Answer

if TYPE_CHECKING:
    import jinja2

HTML = "text/html; charset=utf-8"
_TEMPLATES = Path(__file__).parent / "templates"


def page(template: str, status: int = 200, *, policy: str = "", **values: Any) -> Answer:
    """`policy`: where the page needs another one than that of all pages."""
    content = _environment().get_template(template).render(values).encode()
    return Answer(content, status, {"Content-Security-Policy": policy} if policy else {}, HTML)


@functools.cache
def _environment() -> "jinja2.Environment":
    import jinja2  # 70 ms that the API does not need

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
