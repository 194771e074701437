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
_PAGE_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def secured(own: Mapping[str, str], *, page: bool) -> dict[str, str]:
    return {**_COMMON, "Content-Security-Policy": _PAGE_CSP if page else _API_CSP, **own}
