"""The third-party half of the zip: requirements.txt, installed for a target and pruned, as one cached zip file."""

import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

# Raised when this file changes what ends up in the zip.
RECIPE = "1"
UNUSED = ("bin", "share", "pycparser")  # scripts, manuals, and what only cffi's compiler mode needs
EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Target:
    """Where the zip will run. `wheels` are pip's platform tags; none means: copy what this interpreter runs with."""

    name: str
    python: str
    wheels: tuple[str, ...] = ()
    level: int = 6


LAMBDA = Target("lambda", "3.13", ("manylinux2014_aarch64", "manylinux_2_28_aarch64"))
# Unpacked once for every concurrent invocation of the embedded engine: hardly compressed.
LOCAL = Target("local", f"{sys.version_info.major}.{sys.version_info.minor}", level=1)
# Lambda's Python on this machine's processor: what cold imports are measured with.
BENCH = Target("bench", "3.13", tuple(f"{tag}_{platform.machine()}" for tag in ("manylinux2014", "manylinux_2_28")))


class PackagingError(Exception):
    """`str(error)` says in one sentence what to do."""


def vendored(target: Target, requirements: Path, cache: Path) -> Path:
    """A zip of everything that requirements.txt names; from the cache when nothing changed."""
    compiler = python_for(target)
    key = hashlib.sha256("\0".join((RECIPE, target.name, target.python, str(bool(compiler)))).encode())
    key.update(requirements.read_bytes())
    archive = cache / f"vendor-{target.name}-{key.hexdigest()[:12]}.zip"
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            _install(target, requirements, Path(folder))
            _prune(Path(folder))
            compile_folder(compiler, Path(folder))
            write_zip(archive, Path(folder), target.level)
    return archive


def python_for(target: Target) -> str | None:
    """An interpreter of the target's version: only that can write its .pyc files."""
    for candidate in _pythons(target.python):
        probe = [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        try:
            answer = subprocess.run(probe, capture_output=True, text=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if answer.stdout.strip() == target.python:
            return candidate
    return None


def compile_folder(python: str | None, folder: Path) -> None:
    """Lambda's disk is read-only, so what is not compiled here is compiled at every cold start."""
    if python is None:
        return
    command = [python, "-m", "compileall", "-q", "-j", "2", "-s", str(folder), "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*command, str(folder)], check=True, stdout=subprocess.DEVNULL)


def write_zip(archive: Path, folder: Path, level: int, base: Path | None = None) -> None:
    """The folder's files in order and without their dates: the same content is the same zip. `base` is copied first."""
    draft = archive.with_suffix(f".{id(folder)}.part")
    if base:
        shutil.copyfile(base, draft)
    with zipfile.ZipFile(draft, "a", zipfile.ZIP_DEFLATED, compresslevel=level) as file:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(str(path.relative_to(folder)), EPOCH)
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, path.read_bytes(), compresslevel=level)
    draft.replace(archive)


def _pythons(version: str) -> Iterator[str]:
    name = f"python{version}"
    yield sys.executable
    found = shutil.which(name)
    if found:
        yield found
    home = Path.home()
    for root, pattern in (
        (home / ".pyenv/versions", f"{version}*/bin/{name}"),
        (home / ".local/share/uv/python", f"cpython-{version}*/bin/{name}"),
        (Path("/opt/homebrew/bin"), name),
        (Path("/usr/local/bin"), name),
    ):
        yield from (str(path) for path in sorted(root.glob(pattern)))


def _install(target: Target, requirements: Path, folder: Path) -> None:
    if not target.wheels:
        for name in names(requirements):
            _copy_distribution(name, folder)
        return
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    command += ["--only-binary=:all:", "--no-compile", "--implementation", "cp", "--python-version", target.python]
    command += [option for tag in target.wheels for option in ("--platform", tag)]
    command += ["--requirement", str(requirements), "--target", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = next((line for line in done.stderr.splitlines() if line.startswith("ERROR")), done.stderr.strip())
        raise PackagingError(f"pip could not fetch the packages that ship: {reason}")


def names(requirements: Path) -> list[str]:
    return [line.split("==")[0] for line in requirements.read_text().splitlines() if "==" in line]


def _copy_distribution(name: str, folder: Path) -> None:
    try:
        files = distribution(name).files or []
    except PackageNotFoundError:
        return  # excluded here by its environment marker
    for file in files:
        if ".." in file.parts or file.suffix == ".pyc":
            continue
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(file.locate()), target)


def _prune(folder: Path) -> None:
    """What no function ever reads."""
    for path in [*folder.glob("*.dist-info/[RWIS]*"), *folder.glob("*.dist-info/entry_points.txt")]:
        path.unlink()
    for unused in UNUSED:
        shutil.rmtree(folder / unused, ignore_errors=True)
    for cache in [*folder.rglob("__pycache__"), *folder.rglob("tests")]:
        shutil.rmtree(cache, ignore_errors=True)
    for stub in folder.rglob("*.pyi"):
        stub.unlink()
