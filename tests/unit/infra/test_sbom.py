"""The bill of materials: what it must say by CycloneDX 1.5, and that it lists what really ships."""

import json
import re
import zipfile
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from chalicelib.cli import sbom, vendor
from chalicelib.cli.package import Package, build

# The required and constrained fields of bom-1.5.schema.json that we write.
COMPONENT = {
    "type": "object",
    "required": ["type", "name", "version", "purl", "bom-ref", "hashes"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "library"},
        "name": {"type": "string", "minLength": 1},
        "version": {"type": "string", "pattern": r"^[0-9][0-9a-z.+]*$"},
        "purl": {"type": "string", "pattern": r"^pkg:pypi/[a-z0-9.-]+@[0-9][0-9a-z.+]*$"},
        "bom-ref": {"type": "string", "minLength": 1},
        "hashes": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {
                "type": "object",
                "required": ["alg", "content"],
                "additionalProperties": False,
                "properties": {"alg": {"const": "SHA-256"}, "content": {"pattern": "^[a-f0-9]{64}$"}},
            },
        },
    },
}
SCHEMA = {
    "type": "object",
    "required": ["bomFormat", "specVersion", "version", "metadata", "components"],
    "additionalProperties": False,
    "properties": {
        "bomFormat": {"const": "CycloneDX"},
        "specVersion": {"const": "1.5"},
        "version": {"type": "integer", "minimum": 1},
        "metadata": {
            "type": "object",
            "properties": {
                "component": {"required": ["type", "name"], "properties": {"type": {"const": "application"}}}
            },
        },
        "components": {"type": "array", "minItems": 1, "uniqueItems": True, "items": COMPONENT},
    },
}


def test_it_is_cyclonedx(project: Path) -> None:
    jsonschema.validate(json.loads(sbom.bill(project)), SCHEMA)


def test_it_lists_what_is_in_the_zip_and_its_hashes(project: Path) -> None:
    components = {each["name"]: each for each in json.loads(sbom.bill(project))["components"]}
    assert len({each["bom-ref"] for each in components.values()}) == len(components)
    pinned = set(re.findall(r"sha256:(\w+)", (project / "requirements.txt").read_text()))
    for name, each in components.items():
        if name != sbom.RUNTIME:
            assert {found["content"] for found in each["hashes"]} <= pinned, name
    archive = zipfile.ZipFile(build(vendor.LOCAL, project=project).archive)
    installed = {name.split("-")[0].replace("_", "-").lower() for name in archive.namelist() if ".dist-info/" in name}
    assert installed - set(vendor.UNUSED) == set(components) - {sbom.RUNTIME}
    top = {name.split("/")[0] for name in archive.namelist()}
    assert {"cryptography", "chalice", "pydantic"} <= top & set(components)
    assert "pycparser" not in top | set(components)


def test_package_puts_it_next_to_the_zip(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.cli import package
    from chalicelib.cli.main import app

    made = tmp_path / "made"
    made.mkdir()
    for name in ("muster.zip", "template.json"):
        (made / name).write_text("as built")
    monkeypatch.setattr(package, "build", lambda *_, **__: Package(made / "muster.zip", made / "template.json"))
    done = CliRunner().invoke(app, ["package", "--output", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out/sbom.json").read_text() == sbom.bill(project)
