"""Security headers: nothing may be framed, sniffed, cached or fetched from elsewhere."""

from collections.abc import Mapping

_COMMON = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # an enrollment link is a secret
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_API_CSP = "default-src 'none'; frame-ancestors 'none'"


def page_policy(*, form_action: str = "'none'", script: str = "", framed: bool = False) -> str:
    """The Content-Security-Policy of a page. `script` is the hash of the one that it may run."""
    parts = [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        f"form-action {form_action}",
    ]
    parts += [f"script-src {script}"] if script else []
    parts += [] if framed else ["frame-ancestors 'none'"]
    return "; ".join(parts)


def secured(own: Mapping[str, str], *, page: bool) -> dict[str, str]:
    return {**_COMMON, "Content-Security-Policy": page_policy() if page else _API_CSP, **own}
