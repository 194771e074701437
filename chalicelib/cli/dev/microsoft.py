"""Stand-ins for Microsoft's push service and for Entra (from tests/devices): PCs are woken, and joined, here too."""

import secrets
import uuid

from chalicelib.cli.dev import helper
from chalicelib.cli.dev.certificates import Certificates
from chalicelib.cli.dev.helper import Helper
from chalicelib.cli.dev.state import State, free_port

PACKAGE = "Muster.Development_8wekyb3d8bbwe"
PORTS = ("wns_port", "entra_port", "microsoft_control_port")


class Microsoft:
    """Absent when the project was installed without its tests; then PCs poll, and Entra is Microsoft's."""

    def __init__(self, state: State, certificates: Certificates) -> None:
        self._state, self._certificates = state, certificates
        self._helper = Helper(state, "microsoft", "microsoft")
        self.stop = self._helper.stop
        self._helper.recover()
        memory = state.recall()
        self._ports = {name: free_port(int(memory.get(name, 0))) for name in PORTS} if helper.present else {}
        self._tenant = str(memory.get("entra_tenant") or uuid.uuid4())
        self._sid = str(memory.get("wns_sid") or _package_sid())
        self._secret = str(memory.get("wns_secret") or secrets.token_urlsafe(24))

    @property
    def parameters(self) -> dict[str, str]:
        """What the stack has to know."""
        if not self._ports:
            return {}
        push = f"127.0.0.1:{self._ports['wns_port']}"
        return {
            "EntraUrl": f"https://127.0.0.1:{self._ports['entra_port']}",
            "WnsLoginUrl": f"https://{push}/accesstoken.srf",
            "WnsDomain": push,
            "MicrosoftCa": self._certificates.ca.read_text(),
        }

    @property
    def control_url(self) -> str:
        """Where simulated PCs get their channels and hear of what is pushed to them; "" without the stand-ins."""
        return f"http://127.0.0.1:{self._ports['microsoft_control_port']}" if self._ports else ""

    @property
    def package(self) -> dict[str, str]:
        """The push package that the stand-in knows; empty without it."""
        return {"pfn": PACKAGE, "sid": self._sid, "secret": self._secret} if self._ports else {}

    def start(self) -> None:
        if not self._ports:
            return
        self._state.remember(**self._ports, entra_tenant=self._tenant, wns_sid=self._sid, wns_secret=self._secret)
        push, entra, control = (str(self._ports[name]) for name in PORTS)
        served = ("--cert", str(self._certificates.chain), "--key", str(self._certificates.key))
        # With "=": a secret may begin with a hyphen, which would make it an option.
        known = ("--sid", self._sid, f"--secret={self._secret}", "--tenant", self._tenant)
        self._helper.start("--port", push, "--entra-port", entra, "--control-port", control, *served, *known)


def _package_sid() -> str:
    return "ms-app://s-1-15-2-" + "-".join(str(secrets.randbelow(2**32)) for _ in range(7))
