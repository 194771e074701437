"""python -m tests.google serve: the fake as a process. Its first line on standard output says where it is, in JSON."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import threading
from pathlib import Path

from tests.google import registry, tls
from tests.google.gateway import Answer, Gateway
from tests.google.plane import Plane
from tests.google.pubsub import Pushes
from tests.google.server import Door
from tests.google.world import World

SAVING = 1.0


def main(arguments: list[str] | None = None) -> int:
    asked = _parsed(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(asked.state) if asked.state else None
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        serve(asked, World(folder), folder or Path(scratch))
    return 0


def serve(asked: argparse.Namespace, world: World, folder: Path) -> None:
    pushes = Pushes(world)
    gateway = Gateway(world, registry.services())
    if asked.cert:
        certificate, key, authority = Path(asked.cert), Path(asked.key), ""
    else:
        certificate, key, authority = tls.certify(folder)

    def answered(method: str, target: str, headers: object, body: bytes) -> Answer:
        found = gateway.answer(method, target, headers, body)  # type: ignore[arg-type]
        with world.lock:
            pushes.pump()
        return found

    front = Door(answered, asked.port, tls.context(certificate, key))
    back = Door(Plane(world, pushes).answer, asked.control_port)
    for one in (pushes, front, back):
        one.start()
    where = {"url": f"https://127.0.0.1:{front.port}", "control": f"http://127.0.0.1:{back.port}", "ca": authority}
    print(json.dumps(where), flush=True)
    _live(asked, world, pushes)
    for door in (front, back):
        door.shutdown()
    pushes.stop()
    world.save()


def _live(asked: argparse.Namespace, world: World, pushes: Pushes) -> None:
    """Until a signal, or the end of standard input where the parent holds it."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    if asked.attached:
        threading.Thread(target=_orphaned, args=(over,), daemon=True).start()
    if asked.live:
        threading.Thread(target=_ticks, args=(asked.live, world, pushes, over), daemon=True).start()
    while not over.wait(SAVING):
        world.save()


def _orphaned(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


def _ticks(every: float, world: World, pushes: Pushes, over: threading.Event) -> None:
    while not over.wait(every):
        for tick in registry.lives():
            with world.lock:
                tick(world)
                pushes.pump()
                world.dirty.set()
        pushes.settle()


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.google", description=__doc__)
    serve_parser = parser.add_subparsers(dest="command", required=True).add_parser("serve")
    serve_parser.add_argument("--port", type=int, default=0)
    serve_parser.add_argument("--control-port", type=int, default=0)
    serve_parser.add_argument("--state", default="", help="folder that keeps the state")
    serve_parser.add_argument("--cert", default="", help="PEM; none: one is made on the fly")
    serve_parser.add_argument("--key", default="")
    serve_parser.add_argument("--live", type=float, default=0.0, help="seconds between two lives of each device")
    serve_parser.add_argument("--attached", action="store_true", help="ends with its standard input")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
