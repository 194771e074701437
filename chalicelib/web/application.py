"""The shell: a Chalice app whose routes come from the table, and whose every answer is ours.

With `*/*` as binary type Chalice refuses requests without Accept, and bodies that are text: both are seen to here.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from chalice.app import Chalice, Request, Response

from chalicelib.core.house import House
from chalicelib.web import front, problems
from chalicelib.web.routes import ROUTES
from chalicelib.web.routing import JSON, Answer, Route


class Application(Chalice):
    """`house` is called with the first request, so that importing costs no connection."""

    def __init__(self, app_name: str, house: Callable[[], House]) -> None:
        super().__init__(app_name=app_name)
        self.api.binary_types = ["*/*"]
        self._house = house
        for route in ROUTES:
            self._register(route)

    def _register(self, route: Route[Any]) -> None:
        def view(**parameters: str) -> Response:
            incoming = front.read(cast(Request, self.current_request).to_original_event())
            return _response(front.serve(self._house(), route, incoming))

        name = f"{route.method.lower()} {route.path}"
        self.route(route.path, methods=[route.method], name=name)(view)

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Every answer that Chalice made by itself is made again as a problem."""
        reply: dict[str, Any] = super().__call__(_tamed(event), context)
        if "X-Content-Type-Options" in reply["headers"]:
            return reply
        problem = problems.from_status(reply["statusCode"], front.path_of(event))
        allow = {name: value for name, value in reply["headers"].items() if name.lower() == "allow"}
        answer = front.finished(Answer(problem.body, problem.status, allow, problem.media), None)
        return dict(_response(answer).to_dict(self.api.binary_types))


def _tamed(event: Mapping[str, Any]) -> dict[str, Any]:
    """Chalice would refuse by Accept and Content-Type in its own words; what was sent moves to a name of ours."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    sent = headers.get("content-type") or JSON
    return {**event, "headers": {**headers, "original-content-type": sent, "content-type": JSON, "accept": "*/*"}}


def _response(answer: Answer) -> Response:
    return Response(answer.body, headers=dict(answer.headers), status_code=answer.status)
