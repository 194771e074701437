"""The OpenAPI 3.1 document, generated from the table of routes and the models that validate."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from chalicelib.core.access import PERMISSIONS, PERSON_ONLY
from chalicelib.core.house import House
from chalicelib.core.ports import PlatformPort
from chalicelib.web import problems
from chalicelib.web.api.commands import NewCommand
from chalicelib.web.problems import Problem
from chalicelib.web.routes import ROUTES
from chalicelib.web.routing import JSON, PUBLIC, Nothing, Route
from chalicelib.web.version import VERSION

_REF = "#/components/schemas/{model}"
_TEXT = {"schema": {"type": "string"}}
_ONCE = "A repeat within a day gets the same answer."
_MATCH = "The ETag that was read; 412 if it is not current."


def document(house: House) -> dict[str, Any]:
    routes = [route for route in ROUTES if route.is_api]
    refs, schemas = _schemas(routes)
    schemas[NewCommand.__name__] = _command_schema(house, schemas[NewCommand.__name__], schemas)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Muster of {house.settings.organization}", "version": VERSION, "license": _LICENSE},
        "servers": [{"url": house.settings.console_url}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": _BEARER}},
            "responses": {"Problem": _PROBLEM},
        },
    }


_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
_BEARER = "An access token of the user directory (POST /api/v1/sessions) or an API token of Muster."
_PROBLEM = {"description": "Refused", "content": {problems.MEDIA: {"schema": {"$ref": _REF.format(model="Problem")}}}}

Refs = Mapping[tuple[type[BaseModel], JsonSchemaMode], Mapping[str, Any]]


def _schemas(routes: list[Route[Any]]) -> tuple[Refs, dict[str, Any]]:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for route in routes:
        if route.takes is not Nothing:
            wanted[route.takes, "validation"] = None
        if route.answers:
            wanted[route.answers, "serialization"] = None
    refs, top = models_json_schema(list(wanted), ref_template=_REF)
    return cast(Refs, refs), dict(top["$defs"])


def _operation(route: Route[Any], refs: Refs, schemas: Mapping[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.handler.__module__.rpartition('.')[2]}_{route.handler.__name__}",
        "tags": [_tag(route)],
        "summary": route.summary,
        "description": _who(route),
        "parameters": [*_path_parameters(route), *_query_parameters(route, schemas), *_header_parameters(route)],
        "responses": {str(route.status): _success(route, refs), "default": {"$ref": "#/components/responses/Problem"}},
    }
    if route.takes_body:
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": refs[route.takes, "validation"]}}}
    if route.permission == PUBLIC:
        operation["security"] = []
    return operation


def _tag(route: Route[Any]) -> str:
    return route.path.removeprefix("/api/v1/").partition("/")[0]


def _who(route: Route[Any]) -> str:
    if route.permission == PUBLIC:
        return "Anyone."
    roles = ", ".join(sorted(PERMISSIONS[route.permission]))
    person = "; a person, not an API token" if route.permission in PERSON_ONLY else ""
    return f"Permission `{route.permission}`: {roles}{person}."


def _path_parameters(route: Route[Any]) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", route.path):
        yield {"name": name, "in": "path", "required": True, **_TEXT}


def _query_parameters(route: Route[Any], schemas: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if route.takes_body or route.takes is Nothing:
        return
    for name, schema in schemas[route.takes.__name__].get("properties", {}).items():
        description = schema.get("description", "")
        yield {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _header_parameters(route: Route[Any]) -> Iterator[dict[str, Any]]:
    if route.idempotent:
        yield {"name": "Idempotency-Key", "in": "header", "description": _ONCE, **_TEXT}
    if route.method == "PATCH":
        yield {"name": "If-Match", "in": "header", "description": _MATCH, **_TEXT}


def _success(route: Route[Any], refs: Refs) -> dict[str, Any]:
    response: dict[str, Any] = {"description": route.summary}
    if route.answers:
        response["content"] = {route.media: {"schema": refs[route.answers, "serialization"]}}
    elif route.status != 204:
        response["content"] = {route.media: {}}
    return response


def _command_schema(house: House, plain: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """One alternative for each action, with the parameters that the platforms declare for it."""
    offers: dict[str, list[PlatformPort]] = {}
    for platform in house.platforms.values():
        for name in platform.actions():
            offers.setdefault(name, []).append(platform)
    if not offers:
        return plain
    return {**plain, "oneOf": [_alternative(name, offers[name], schemas) for name in sorted(offers)]}


def _alternative(name: str, platforms: Sequence[PlatformPort], schemas: dict[str, Any]) -> dict[str, Any]:
    """What one platform's devices take of it another's may refuse: any of the forms is one."""
    specs: dict[str, Any] = {platform.name: platform.action(name) for platform in platforms}
    forms = [_parameters(platform, name, spec, schemas) for platform, spec in specs.items()]
    params = forms[0] if len(forms) == 1 else {"anyOf": forms}
    titles = {platform: getattr(spec, "title", "") for platform, spec in specs.items()}
    alternative = {"title": name, "properties": {"action": {"const": name}, "params": params}}
    return {**alternative, "description": _told(titles)}


def _parameters(platform: str, name: str, spec: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """Their own parts become components. A dot is in no model's name, so none of these is taken."""
    declared = getattr(spec, "params", None)
    if declared is None:
        return {"type": "object"}
    prefix = f"{platform}.{name}."
    params: dict[str, Any] = declared.model_json_schema(ref_template=_REF.format(model=prefix + "{model}"))
    schemas |= {prefix + part: schema for part, schema in params.pop("$defs", {}).items()}
    return {**params, "title": f"{name} ({platform})"}


def _told(titles: Mapping[str, str]) -> str:
    if len(set(titles.values())) == 1:
        return next(iter(titles.values()))
    return " ".join(f"{platform.capitalize()}: {title}" for platform, title in titles.items())
