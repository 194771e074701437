"""python -m tests.devices demo | enroll | apns | wns | microsoft: simulated devices and services to them."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.devices.apple import AppleDevice
from tests.devices.apple.complaints import Complaint
from tests.devices.apple.hardware import MODELS
from tests.devices.demo import KINDS, Config, Fleet, gather, say
from tests.devices.windows import WindowsPC


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        return int(options.run(options, stop))
    except (Complaint, OSError, KeyError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1


def demo(options: argparse.Namespace, stop: threading.Event) -> int:
    config = Config.read(options.config)
    control = f"http://127.0.0.1:{options.control_port}" if options.control_port else config.control_url
    devices = gather(config, options.count, options.state, stop, options.kinds.split(","))
    if options.tell:
        draft = options.tell.with_suffix(".new")
        draft.write_text(str(len(devices)))
        draft.replace(options.tell)
    interval = options.poll or (30.0 if control else 5.0)
    Fleet(devices, control, interval, stop, wns_url=config.wns_control_url).live()
    return 0


def enroll(options: argparse.Namespace, stop: threading.Event) -> int:
    if options.kind == WindowsPC.kind:
        return enroll_pc(options, stop)
    if not options.link:
        raise OSError("an Apple device enrolls by --link")
    device = AppleDevice(options.kind, ca_file=options.ca, state_dir=options.state, identity=options.identity)
    device.enroll(options.link)
    say(device, f"enrolled, UDID {device.udid}")
    if options.live:
        Fleet([device], None, options.poll or 5.0, stop).live()
    return 0


def enroll_pc(options: argparse.Namespace, stop: threading.Event) -> int:
    pc = WindowsPC(ca_file=options.ca, state_dir=options.state, upn=options.username)
    username = pc.state.upn
    ways = {
        "deeplink": lambda: pc.enroll(options.link),
        "onpremise": lambda: pc.enroll_on_premise(options.server, username, options.password),
        "federated": lambda: pc.enroll_federated(options.server, username, options.password),
        "entra": lambda: pc.enroll_entra(options.server, options.token, terms_url=options.terms or ""),
    }
    needed = {"deeplink": ("link",), "entra": ("server", "token")}.get(options.way, ("server", "password"))
    missing = [f"--{name}" for name in needed if not getattr(options, name)]
    if missing:
        raise OSError(f"the way {options.way} needs {' '.join(missing)}")
    ways[options.way]()
    say(pc, f"enrolled, DeviceID {pc.device_id}")
    if options.live:
        Fleet([pc], None, options.poll or 5.0, stop).live()
    return 0


def wns(options: argparse.Namespace, stop: threading.Event) -> int:
    from tests.devices.wns import FakeWNS
    from tests.devices.wns_control import Control

    service = FakeWNS(options.sid, options.secret, host=options.host, port=options.port)
    with service, Control(service, options.control_port) as control:
        print(f"wns {service.url}  control {control.url}", flush=True)
        stop.wait()
    return 0


def microsoft(options: argparse.Namespace, stop: threading.Event) -> int:
    from tests.devices.entra import FakeEntra
    from tests.devices.wns import FakeWNS
    from tests.devices.wns_control import Control

    served = (options.cert, options.key)
    push = FakeWNS(options.sid, options.secret, port=options.port, served=served)
    tenant = FakeEntra(options.tenant, port=options.entra_port, served=served)
    with push, tenant, Control(push, options.control_port, tenant) as control:
        print(f"wns {push.url}  entra {tenant.url}  control {control.url}", flush=True)
        stop.wait()
    return 0


def apns(options: argparse.Namespace, stop: threading.Event) -> int:
    from tests.devices.apns import FakeAPNs  # h2 is needed for this one only
    from tests.devices.apns_control import Control

    if bool(options.cert) != bool(options.key):
        raise OSError("--cert and --key belong together")
    service = FakeAPNs(
        options.port, client_ca=options.client_ca, folder=options.state, certificate=options.cert, key=options.key
    )
    with service, Control(service, options.control_port) as control:
        if options.topic and options.state:
            service.authority.keep_push_certificate(options.topic)
        print(f"apns {service.url}  control {control.url}", flush=True)
        stop.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.devices", description=__doc__)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("demo", help="devices enroll and live")
    one.add_argument("--count", type=int, default=3)
    one.add_argument("--config", type=Path, default=Path(".muster/dev.json"))
    one.add_argument("--state", type=Path, default=Path(".muster/devices"))
    one.add_argument(
        "--control-port", type=int, help="control port of the fake APNs (else apns_control_url of the config)"
    )
    one.add_argument("--poll", type=float, help="seconds between polls without a push")
    one.add_argument("--tell", type=Path, help="write the number of enrolled devices here, when they are")
    one.add_argument("--kinds", default=",".join(KINDS), help="which, by turns")
    one.set_defaults(run=demo)
    one = commands.add_parser("enroll", help="one device enrolls by a link")
    one.add_argument("--link", help="the invitation's page (Apple devices; a PC by --way deeplink)")
    one.add_argument("--kind", choices=sorted([*MODELS, WindowsPC.kind]), default="iphone")
    one.add_argument(
        "--way", choices=("deeplink", "onpremise", "federated", "entra"), default="deeplink", help="of a PC"
    )
    one.add_argument("--server", help="host or URL of the discovery service (a PC, not by deep link)")
    one.add_argument("--username", help="of the person at a PC")
    one.add_argument("--password", help="the invitation's code (onpremise), or the person's password (federated)")
    one.add_argument("--token", help="an access token (entra)")
    one.add_argument("--terms", help="URL of the terms of use (entra)")
    one.add_argument("--ca", type=Path, help="PEM file of the authority that TLS is checked against")
    one.add_argument("--state", type=Path)
    one.add_argument("--identity", choices=("signature", "mtls", "both"), default="signature")
    one.add_argument("--live", action="store_true", help="poll until stopped")
    one.add_argument("--poll", type=float)
    one.set_defaults(run=enroll)
    one = commands.add_parser("apns", help="a fake push service")
    one.add_argument("--port", type=int, default=0)
    one.add_argument("--control-port", type=int, default=0)
    one.add_argument("--cert", help="PEM file of the server certificate (made here if absent)")
    one.add_argument("--key")
    one.add_argument("--client-ca", help="PEM file of a further authority for push certificates")
    one.add_argument("--state", type=Path, help="folder for the authorities made here")
    one.add_argument("--topic", help="also write push.pem and push.key for this topic into the folder")
    one.set_defaults(run=apns)
    one = commands.add_parser("wns", help="a fake Windows push service")
    one.add_argument("--port", type=int, default=0)
    one.add_argument("--control-port", type=int, default=0)
    one.add_argument("--sid", default="ms-app://s-1-15-2-1")
    one.add_argument("--secret", default="wns-secret")
    one.add_argument("--host", default="", help="of the channel URIs, such as db5p.notify.windows.com")
    one.set_defaults(run=wns)
    one = commands.add_parser("microsoft", help="a fake Windows push service and a fake Entra, with one control port")
    one.add_argument("--port", type=int, default=0, help="of the push service")
    one.add_argument("--entra-port", type=int, default=0)
    one.add_argument("--control-port", type=int, default=0)
    one.add_argument("--cert", required=True, help="PEM file of the server certificate of both")
    one.add_argument("--key", required=True)
    one.add_argument("--sid", required=True)
    one.add_argument("--secret", required=True)
    one.add_argument("--tenant", required=True)
    one.set_defaults(run=microsoft)
    return parser


if __name__ == "__main__":
    sys.exit(main())
