"""`muster package`: one zip with the code and its libraries, and the CloudFormation template that deploys it."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from chalicelib.cli import sbom, vendor
from chalicelib.cli.output import progress
from chalicelib.cli.vendor import PackagingError, Target

# Resolved from the editable install, so that `muster` works from any folder.
PROJECT = Path(__file__).resolve().parents[2]
CACHE = PROJECT / "build"
# Does not ship: the command line runs on people's machines.
UNSHIPPED = shutil.ignore_patterns("cli", "__pycache__", "*.pyc")
KEPT = 3


@dataclass(frozen=True, slots=True)
class Package:
    """`template` is SAM in JSON; every CodeUri in it names the zip by `CODE`."""

    archive: Path
    template: Path


CODE = "./deployment.zip"


def package(
    output: Annotated[Path, typer.Option(help="Folder for the zip and the template.")] = CACHE / "lambda",
    aws: Annotated[bool, typer.Option(help="With infra/aws.yaml: domains, WAF, budget.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Build what `muster deploy` deploys: python3.13 on arm64."""
    console = Console(stderr=True)
    if vendor.python_for(vendor.LAMBDA) is None:
        console.print(
            "[yellow]No python3.13 here: the zip has no .pyc files, so cold starts are about twice as long.[/]"
        )
    try:
        with progress("Packaging …"):
            built = build(vendor.LAMBDA, templates=("core.yaml", "aws.yaml") if aws else ("core.yaml",))
    except PackagingError as error:
        console.print(f"[red]{error}[/]")
        raise typer.Exit(1) from error
    output.mkdir(parents=True, exist_ok=True)
    sizes = {str(output / file.name): file.stat().st_size for file in (built.archive, built.template)}
    for file in (built.archive, built.template):
        shutil.copyfile(file, output / file.name)
    (output / "sbom.json").write_text(sbom.bill(PROJECT))
    lines = [f"{name}  {size / 1e6:.1f} MB" for name, size in sizes.items()]
    print(json.dumps(sizes, indent=2) if as_json else "\n".join(lines))


def build(target: Target, templates: Sequence[str] = ("core.yaml",), project: Path = PROJECT) -> Package:
    """Zip and template for the target; nothing is built again that did not change."""
    cache = project / "build"
    libraries = vendor.vendored(target, project / "requirements.txt", cache)
    folder = cache / f"{target.name}-{_digest(project, libraries.name, templates)}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=cache) as draft:
            _build(target, project, libraries, templates, Path(draft))
            _publish(Path(draft) / "out", folder)
        _forget_old(cache, target)
    return Package(folder / "muster.zip", folder / "template.json")


def template(project: Path, templates: Sequence[str]) -> dict[str, Any]:
    """Chalice's template with ours merged in, without building a zip for it."""
    with tempfile.TemporaryDirectory() as draft:
        return _stage(project, templates, Path(draft))


def _stage(project: Path, templates: Sequence[str], draft: Path) -> dict[str, Any]:
    """Leaves the code with Chalice's runtime in `draft`/chalice/deployment.zip."""
    stage = draft / "stage"
    shutil.copytree(project / "chalicelib", stage / "chalicelib", ignore=UNSHIPPED)
    shutil.copytree(project / ".chalice", stage / ".chalice", ignore=shutil.ignore_patterns("deploy*"))
    shutil.copyfile(project / "app.py", stage / "app.py")
    (stage / "requirements.txt").touch()  # the libraries are ours to add
    (stage / "merge.json").write_text(json.dumps(_merged(project / "infra", templates)))
    _chalice(stage, draft / "chalice")
    made = load_template(draft / "chalice/sam.json")
    for resource in made["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # Chalice would deploy for the interpreter and the processor that it runs under.
            runtime = f"python{vendor.LAMBDA.python}"
            resource["Properties"] |= {"Runtime": runtime, "Architectures": ["arm64"], "CodeUri": CODE}
    return made


def _build(target: Target, project: Path, libraries: Path, templates: Sequence[str], draft: Path) -> None:
    made = _stage(project, templates, draft)
    code, out = draft / "code", draft / "out"
    with zipfile.ZipFile(draft / "chalice/deployment.zip") as archive:
        archive.extractall(code)
    vendor.compile_folder(vendor.python_for(target), code)
    out.mkdir()
    vendor.write_zip(out / "muster.zip", code, target.level, base=libraries)
    (out / "template.json").write_text(json.dumps(made, indent=1, sort_keys=True))


def _chalice(stage: Path, out: Path) -> None:
    program = [sys.executable, "-c", "from chalice.cli import main; raise SystemExit(main())"]
    command = [*program, "package", "--stage", "main", "--merge-template", "merge.json", str(out)]
    environment = {"AWS_DEFAULT_REGION": "us-east-1", **os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=stage, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise PackagingError(f"Chalice could not package app.py: {lines[-1] if lines else 'no reason given'}")


def _merged(infra: Path, templates: Sequence[str]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for name in templates:
        for section, entries in load_template(infra / name).items():
            merged.setdefault(section, {}).update(entries)
    return merged


def load_template(path: Path) -> dict[str, Any]:
    """CloudFormation's short tags (!Ref …) become their long forms."""
    from chalice.package import YAMLTemplateSerializer  # imports a tenth of a second's worth

    template: dict[str, Any] = YAMLTemplateSerializer().load_template(path.read_text(), path.name)
    return template


def _digest(project: Path, libraries: str, templates: Sequence[str]) -> str:
    key = hashlib.sha256("\0".join((libraries, *templates)).encode())
    sources = [project / "app.py", project / ".chalice/config.json", Path(__file__)]
    sources += [project / "infra" / name for name in templates]
    sources += (path for path in (project / "chalicelib").rglob("*") if _ships(project, path))
    for path in sorted(sources):
        key.update(str(path).encode() + b"\0" + path.read_bytes())
    return key.hexdigest()[:12]


def _ships(project: Path, path: Path) -> bool:
    parts = path.relative_to(project).parts
    return path.is_file() and path.suffix != ".pyc" and parts[1] != "cli" and "__pycache__" not in parts


def _publish(draft: Path, folder: Path) -> None:
    try:
        draft.rename(folder)
    except OSError:
        if not folder.exists():  # else another process was faster
            raise


def _forget_old(cache: Path, target: Target) -> None:
    builds = sorted(cache.glob(f"{target.name}-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in builds[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
