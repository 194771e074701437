"""Writes what an administrator notes about a Chromebook at Google (chromeosdevices.patch)."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from chalicelib.platforms.chromeos.actions.action import Action
from chalicelib.platforms.chromeos.errands import ANNOTATE, Errand
from chalicelib.platforms.parameters import Parameters

FIELDS: Mapping[str, str] = {
    "asset_id": "annotatedAssetId",
    "user": "annotatedUser",
    "location": "annotatedLocation",
    "notes": "notes",
}


def _printable(text: str) -> str:
    if not text.replace("\n", "").isprintable():
        raise ValueError("control characters are not allowed")
    return text


Note = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_printable)]  # "" empties it


class Params(Parameters):
    asset_id: Annotated[Note, Field(max_length=200)] | None = Field(None, description="Number in your own inventory.")
    user: Annotated[Note, Field(max_length=100)] | None = Field(None, description="Whose it is.")
    location: Annotated[Note, Field(max_length=200)] | None = Field(None, description="Where it stands.")
    notes: Annotated[Note, Field(max_length=500)] | None = Field(None, description="All else. Empty text empties it.")

    @model_validator(mode="after")
    def _something(self) -> "Params":
        if not self.fields():
            raise ValueError("give at least one of asset_id, user, location and notes")
        return self

    def fields(self) -> dict[str, str]:
        said = {google: getattr(self, name) for name, google in FIELDS.items()}
        return {google: text for google, text in said.items() if text is not None}


def build(params: Params) -> Errand:
    return Errand(ANNOTATE, params.fields())


ACTION = Action(
    name="annotate",
    request_type="Annotate",
    title="Note asset id, user, location or remarks at Google; what is not given stays.",
    build=build,
    params=Params,
    permission="command.configure",
    priority=7,
)
