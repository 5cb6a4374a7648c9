"""Plant faults in a copy of the code, one at a time, and see whether the tests named beside each notice it.

python tests/planted_faults/plant.py [FILE.toml ...] [--only N]
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
COPIED = ("layers", "functions", "tests", "template.yaml", "pyproject.toml")
RUN_SECONDS = 600
"""A fault that makes tests wait longer counts as unnoticed: no test has said so."""


class Fault(NamedTuple):
    """A snippet that occurs once in a file, what takes its place, what breaks, and the tests that tell."""

    file: str
    find: str
    replace: str
    why: str
    tests: list[str]


def read_faults(files: list[Path]) -> list[Fault]:
    """The faults of all files, in order."""
    return [Fault(**entry) for file in files for entry in tomllib.loads(file.read_text("utf-8"))["fault"]]


def copy_tree(target: Path) -> None:
    """Copy all that the tests need."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)


def plant(fault: Fault, tree: Path) -> None:
    """Put a fault into a copy.

    Raises:
        typer.BadParameter: its snippet does not occur exactly once.
    """
    path = tree / fault.file
    text = path.read_text("utf-8") if path.is_file() else ""
    if (count := text.count(fault.find)) != 1:
        raise typer.BadParameter(f"{fault.find!r} occurs {count} times in {fault.file}, not once")
    path.write_text(text.replace(fault.find, fault.replace), "utf-8")


def run(tests: list[str], tree: Path) -> tuple[int, str]:
    """Run tests in a copy up to the first that fails: pytest's exit status, and its output."""
    command = [sys.executable, "-m", "pytest", "-x", "-rfE", "--tb=no", "-p", "no:cacheprovider", *tests]
    paths = os.pathsep.join(str(tree / name) for name in ("layers", "functions"))
    environment = os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command,
            cwd=tree,
            env=environment,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return -1, f"no end within {RUN_SECONDS} s"
    return done.returncode, done.stdout + done.stderr


def notice(fault: Fault) -> str | None:
    """Which test notices a fault; None if none does."""
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        copy_tree(Path(folder))
        plant(fault, Path(folder))
        status, output = run(fault.tests, Path(folder))
    if status not in (-1, 0, 1, 2):
        raise typer.BadParameter(f"pytest could not run {fault.tests}:\n{output}")
    failed = re.search(r"^(?:FAILED|ERROR) (tests/.+?)(?: - |$)", output, re.MULTILINE)
    return failed[1] if failed else None


def main(
    files: Annotated[list[Path] | None, typer.Argument(help="lists of faults; all of this folder's")] = None,
    only: Annotated[int | None, typer.Option(help="the number of one fault, counted from 1")] = None,
) -> None:
    """Plant each fault alone, and tell which test notices it; exit with 1 if any goes unnoticed."""
    numbered = list(enumerate(read_faults(files or sorted(FOLDER.glob("*.toml"))), 1))
    chosen = [(number, fault) for number, fault in numbered if only in (None, number)]
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        copy_tree(Path(folder))
        status, output = run(sorted({test for _, fault in chosen for test in fault.tests}), Path(folder))
    if status:
        raise typer.BadParameter(f"these tests must pass where no fault is planted:\n{output}")
    unnoticed = 0
    for number, fault in chosen:
        test = notice(fault)
        unnoticed += test is None
        told = f"noticed by {test}" if test else "NOT NOTICED"
        typer.echo(f"{number:3} {fault.file}: {fault.why}: {told}")
    typer.echo(f"{len(chosen) - unnoticed} of {len(chosen)} faults noticed")
    raise typer.Exit(int(unnoticed > 0))


if __name__ == "__main__":
    typer.run(main)
