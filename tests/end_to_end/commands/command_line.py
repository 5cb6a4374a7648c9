"""The `lookalike` command, run as people run it, with no AWS profile of this machine's."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from support.deployed import Api

COMMAND = Path(sys.executable).with_name("lookalike")


def lookalike(
    *arguments: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder; this one if None."""
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [COMMAND, *arguments],
        env=env | nowhere | {"AWS_EC2_METADATA_DISABLED": "true"} | dict(environment or {}),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def write_ready_file(api: Api, path: Path) -> Path:
    """The file that `lookalike local` writes for its stack."""
    names = ("api_url", "bucket", "endpoint_url", "region")
    path.write_text(json.dumps({name: getattr(api.stack, name) for name in names}))
    return path
