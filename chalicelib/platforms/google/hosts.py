"""Where Google is: its own hosts, or a stand-in that has them as the first segment of its paths."""

from chalicelib.core.house import Settings

TOKENS = "oauth2.googleapis.com"
KEYS = "www.googleapis.com"


def address(settings: Settings, host: str, path: str) -> str:
    return (f"{settings.google_url.rstrip('/')}/{host}" if settings.google_url else f"https://{host}") + path
