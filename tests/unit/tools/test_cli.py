"""The command line loads a command only when it runs."""

import subprocess
import sys

from lookalike_tools.cli import COMMANDS, FOLDER

SLOW = ("boto3", "matplotlib", "requests", "sentence_transformers", "torch")
PROGRAM = """
import sys
from lookalike_tools.cli import main
try:
    main()
finally:
    print(*sys.modules)
"""


def test_help_names_each_command_and_loads_none() -> None:
    done = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-c", PROGRAM, "--help"], capture_output=True, text=True, check=True
    )
    *help_lines, modules = done.stdout.splitlines()
    named = [line.split()[1] for line in help_lines if line.startswith("│ ") and line[2] not in " -"]
    assert named == [module.strip("_").replace("_", "-") for module in COMMANDS]
    assert not any(module.startswith("lookalike_tools.commands.") for module in modules.split())
    assert not set(SLOW) & set(modules.split())


def test_each_file_is_a_command() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "options"}
    assert files == set(COMMANDS)
