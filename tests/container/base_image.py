"""The image that the functions' images stand on: AWS's, or a stand-in where AWS's can't be had."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from container.engine import Engine, EngineError

ROOT = Path(__file__).parents[2]
STAND_IN = Path(__file__).with_name("base") / "Dockerfile"
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
RELEASE = "trixie"
"""The Debian release that has Python 3.13."""
PACKAGES = "ca-certificates,python3,python3-pip"


def base_image(engine: Engine) -> str:
    """The name of a base image that is on this machine now.

    Raises:
        EngineError: AWS's can't be pulled, and there is no stand-in and no way to make it.
    """
    named = re.search(r"^ARG BASE_IMAGE=(.+)$", (ROOT / "functions" / "Dockerfile").read_text(), re.MULTILINE)
    assert named
    try:
        engine.pull(named[1])
    except EngineError as error:
        tag = f"lookalike-base:{hashlib.sha256(STAND_IN.read_bytes()).hexdigest()[:12]}"
        if not engine.has_image(tag):
            if os.geteuid() or not shutil.which("debootstrap"):
                raise EngineError(
                    f"{error}\n{named[1]} can't be pulled; root can make a stand-in for it with debootstrap, "
                    "which `apt-get install debootstrap` installs"
                ) from None
            _build_stand_in(engine, tag)
        return tag
    return named[1]


def _build_stand_in(engine: Engine, tag: str) -> None:
    with tempfile.TemporaryDirectory(prefix="lookalike-base-") as directory:
        context = Path(directory)
        root = context / "root"
        _run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, str(root), *_mirror())
        excluded = [f"--exclude=./{path}/*" for path in ("var/cache/apt", "var/lib/apt/lists")]
        _run("tar", "-C", str(root), *excluded, "-cf", str(context / "root.tar"), ".")
        shutil.rmtree(root)
        shutil.copy(CA_BUNDLE, context)
        shutil.copy(STAND_IN, context)
        engine.build(context, tag)


def _mirror() -> list[str]:
    """The Debian mirror that this machine's apt uses; none leaves the choice to debootstrap."""
    if not shutil.which("apt-get"):
        return []
    targets = ["Created-By: Packages", "Origin: Debian", "Label: Debian"]
    return _run("apt-get", "indextargets", "--format", "$(REPO_URI)", *targets).splitlines()[:1]


def _run(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise EngineError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
