"""The command line loads a command only when it runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError

from lookalike import __version__
from lookalike_tools import cli
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
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "--help"], capture_output=True, text=True, check=True
    )
    *help_lines, modules = done.stdout.splitlines()
    named = [line.split()[1] for line in help_lines if line.startswith("│ ") and line[2] not in " -*"]
    assert named == [module.strip("_").replace("_", "-") for room in COMMANDS.values() for module in room]
    assert not any(module.startswith("lookalike_tools.commands.") for module in modules.split())
    assert not set(SLOW) & set(modules.split())


def test_each_file_in_a_room_is_a_command() -> None:
    rooms = [path for path in FOLDER.iterdir() if path.is_dir() and path.name != "__pycache__"]
    files = {room.name: {path.stem for path in room.glob("*.py")} - {"__init__"} for room in rooms}
    assert files == {room: set(modules) for room, modules in COMMANDS.items()}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lookalike"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def completed(words: str) -> set[str]:
    """What bash would offer for the last of some words."""
    count = str(len(words.split(" ")) - 1)
    return set(run(COMP_WORDS=words, COMP_CWORD=count, _LOOKALIKE_COMPLETE="complete_bash").stdout.split())


def test_it_tells_its_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"lookalike {__version__}\n")


@pytest.mark.parametrize("arguments", [("-h",), ("types", "-h"), ("recognize", "-h")])
def test_a_short_option_asks_for_help(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_the_help_tells_the_exit_statuses() -> None:
    told = " ".join(run("--help").stdout.replace("│", " ").split())
    for status in ("0 all", "1 some", "2 wrong use", "3 the stack can't be reached"):
        assert status in told


def test_shells_complete_commands_and_their_options() -> None:
    assert "--install-completion" in run("--help").stdout
    assert completed("lookalike re") >= {"recognize", "review", "rebuild", "redrive"}
    assert "--stack" in completed("lookalike types --")


def test_a_command_that_is_not_there_is_wrong_use() -> None:
    assert run("recognise").returncode == 2


@pytest.mark.parametrize("name", ["ready.json", "./ready", "/nowhere/ready.json"])
def test_a_ready_file_that_is_not_there_is_told_as_such(name: str) -> None:
    done = run("types", "--stack", name)
    assert done.returncode == 2
    assert f"there is no file {name!r}" in done.stderr


def test_aws_that_is_out_of_reach_is_one_line_and_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise EndpointConnectionError(endpoint_url="http://queue.example")

    monkeypatch.setattr(cli, "make_group", lambda: fail)
    with pytest.raises(SystemExit) as exited:
        cli.main()
    assert exited.value.code == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "http://queue.example" in line
