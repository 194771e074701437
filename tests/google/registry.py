"""What there is: services, control routes and lives of devices. Modules named chrome* add theirs by being there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.google import android, zerotouch
from tests.google.phones import controls as phones
from tests.google.service import Service
from tests.google.world import World

Control = Callable[[World, dict[str, str], dict[str, Any]], dict[str, Any]]


def _modules() -> tuple[ModuleType, ...]:
    names = sorted(found.name for found in pkgutil.iter_modules([str(Path(__file__).parent)]))
    chrome = [importlib.import_module(f"tests.google.{name}") for name in names if name.startswith("chrome")]
    return android, zerotouch, phones, *chrome


MODULES = _modules()


def services() -> tuple[Service, ...]:
    return tuple(service for module in MODULES for service in getattr(module, "SERVICES", ()))


def controls() -> dict[str, Control]:
    return {path: function for module in MODULES for path, function in getattr(module, "CONTROLS", {}).items()}


def lives() -> tuple[Callable[[World], None], ...]:
    return tuple(tick for module in MODULES for tick in getattr(module, "LIVE", ()))
