"""The actions of a platform by name; each is imported when it is first asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import Generic, TypeVar

A = TypeVar("A")


class ActionTable(Generic[A]):
    """`modules`: action → the module of `package` that has it as ACTION."""

    def __init__(self, package: str, modules: Mapping[str, str]) -> None:
        self._package, self._modules = package, modules

    def names(self) -> tuple[str, ...]:
        return tuple(self._modules)

    def action(self, name: str) -> A | None:
        if name not in self._modules:
            return None
        found: A = import_module(f"{self._package}.{self._modules[name]}").ACTION
        return found

    def column(self, system: str) -> dict[str, dict[str, str]]:
        """Action → {system: "yes" or "no"}: its column of the table in the README. An action says why it is `never`."""
        return {name: {system: "no" if getattr(self.action(name), "never", "") else "yes"} for name in self._modules}
