"""QR codes of enrollment links, as SVG and PNG."""

import io
from typing import Any

import segno


def svg(link: str) -> str:
    """Stand-alone SVG without a fixed size; black on white, because cameras do not know dark mode."""
    return _saved(link, kind="svg", dark="#000", light="#fff", omitsize=True, xmldecl=False, nl=False).decode()


def png(link: str) -> bytes:
    return _saved(link, kind="png", scale=8)


def _saved(link: str, **options: Any) -> bytes:
    out = io.BytesIO()
    segno.make(link, error="m", micro=False).save(out, border=4, **options)
    return out.getvalue()
