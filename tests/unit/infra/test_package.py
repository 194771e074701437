"""The zip: the same from the same sources, with what runs and nothing else."""

import ast
import re
import sys
import zipfile
from pathlib import Path

import pytest

from chalicelib.cli import vendor
from chalicelib.cli.package import build

LARGEST = 25e6  # bytes


@pytest.fixture(scope="session")
def archive(project: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(build(vendor.LOCAL, project=project).archive)


def top_level(archive: zipfile.ZipFile) -> set[str]:
    return {name.split("/")[0] for name in archive.namelist()}


def test_the_code_and_the_runtime_are_in_it(archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    assert {"app.py", "chalice/app.py", "chalicelib/wiring.py", "chalicelib/gateway/handler.py"} <= names
    assert any(name.startswith("chalicelib/web/templates/") for name in names)


def test_what_does_not_run_there_is_not_in_it(archive: zipfile.ZipFile) -> None:
    assert top_level(archive).isdisjoint(
        {"pip", "setuptools", "wheel", "boto3", "botocore", "policies", "tests", "typer"}
    )
    assert not [name for name in archive.namelist() if name.startswith(("chalicelib/cli/", "chalice/cli/"))]


def test_no_file_is_in_it_twice(archive: zipfile.ZipFile) -> None:
    assert len(archive.namelist()) == len(set(archive.namelist()))


def test_every_source_is_compiled(archive: zipfile.ZipFile) -> None:
    """Hash-based and unchecked: the dates in the zip are all the same, and nothing is compared at a cold start."""
    tag = sys.implementation.cache_tag
    names = set(archive.namelist())
    for name in (name for name in names if name.endswith(".py")):
        folder, _, file = name.rpartition("/")
        compiled = f"{folder}/__pycache__/{file[:-3]}.{tag}.pyc".lstrip("/")
        assert compiled in names, name
        assert archive.read(compiled)[4:8] == b"\x01\0\0\0", name


def test_it_is_small(archive: zipfile.ZipFile) -> None:
    assert Path(str(archive.filename)).stat().st_size < LARGEST


def test_the_same_files_are_the_same_zip(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder, order in zip(folders, (("b.py", "a.py"), ("a.py", "b.py")), strict=True):
        folder.mkdir()
        for name in order:
            (folder / name).write_text(f"NAME = {name!r}\n")
        vendor.compile_folder(sys.executable, folder)
        vendor.write_zip(folder.with_suffix(".zip"), folder, level=6)
    first, second = (folder.with_suffix(".zip").read_bytes() for folder in folders)
    assert first == second


def test_requirements_are_pinned_with_hashes_and_name_no_index(project: Path) -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (project / name).read_text()
        entries = re.findall(r"^[a-z0-9](?:[^\n\\]|\\\n)*", text, re.M)
        assert entries
        for entry in entries:
            assert re.match(r"[a-z0-9.-]+==\S+", entry), entry
            assert "--hash=sha256:" in entry, entry
        assert not re.search(r"https?://|--index-url|--extra-index|--find-links", text)


def test_what_ships_is_declared(project: Path) -> None:
    """An import that only the development requirements satisfy would fail in the cloud."""
    provided = {"chalice", "chalicelib", *sys.stdlib_module_names}
    provided |= {"aws_lambda_powertools", "cryptography", "h2", "jinja2", "jwt", "pydantic", "segno"}
    shipped = [project / "app.py", *(project / "chalicelib").rglob("*.py")]
    for path in shipped:
        if "cli" in path.relative_to(project).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                modules.append(node.module)
            assert {module.split(".")[0] for module in modules} <= provided, path
    assert set(vendor.names(project / "requirements.txt")) >= {
        "cryptography",
        "h2",
        "jinja2",
        "pydantic",
        "pyjwt",
        "segno",
    }
