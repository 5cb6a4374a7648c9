"""Docker or Podman, through its command line."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# As Lambda runs a function: an unprivileged user, /tmp alone to write to, its limits on files and processes.
LIKE_LAMBDA = (
    *("--read-only", "--tmpfs=/tmp", "--user", "993:990"),
    *("--cap-drop", "all", "--security-opt", "no-new-privileges"),
    *("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"),
)


class EngineError(Exception):
    """What a container engine said when it did not do as asked."""


@dataclass(frozen=True)
class Engine:
    """A container engine's command, and what it needs beyond what all of them understand."""

    command: tuple[str, ...]
    build_options: tuple[str, ...] = ()
    run_options: tuple[str, ...] = ()

    def build(self, context: Path, tag: str, dockerfile: str = "Dockerfile", **arguments: str) -> None:
        """Build an image.

        Raises:
            EngineError: with all that the build printed.
        """
        build_arguments = [f"--build-arg={name}={value}" for name, value in arguments.items()]
        options = (*self.build_options, *build_arguments, "--file", str(context / dockerfile), "--tag", tag)
        self._run("build", *options, str(context))

    def pull(self, image: str) -> None:
        """Fetch an image from its registry.

        Raises:
            EngineError: it can't be had.
        """
        self._run("pull", image)

    def answers(self) -> bool:
        """Whether it can be used: Docker needs a daemon, and the right to call it."""
        try:
            self._run("info")
        except EngineError:
            return False
        return True

    def has_image(self, image: str) -> bool:
        """Whether an image is on this machine."""
        try:
            self.inspect("image", image)
        except EngineError:
            return False
        return True

    def inspect(self, kind: str, name: str) -> dict[str, Any]:
        """What the engine knows of a `container` or an `image`.

        Raises:
            EngineError: there is none of that name.
        """
        description: dict[str, Any] = json.loads(self._run(kind, "inspect", name))[0]
        return description

    def run_python(self, image: str, program: str) -> str:
        """What a Python program prints in a container of its own.

        Raises:
            EngineError: the program failed.
        """
        return self._run(*self.run_arguments(image, "-c", program, options=("--entrypoint", "python3.13")))

    def start(self, image: str, *arguments: str, options: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        """Run an image on this machine's network; its output comes through the process that is returned."""
        command = (*self.command, *self.run_arguments(image, *arguments, options=options))
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def remove_image(self, tag: str) -> None:
        """Forget an image, if there is one of that name; the build cache stays."""
        subprocess.run([*self.command, "rmi", "--force", tag], check=False, capture_output=True)

    def kill(self, container: str) -> None:
        """End a container, if it runs; nothing of it stays."""
        subprocess.run([*self.command, "kill", container], check=False, capture_output=True)

    def run_arguments(self, image: str, *arguments: str, options: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The arguments that make the engine run an image as Lambda would, on this machine's network."""
        limits = (*LIKE_LAMBDA, *self.run_options, "--network", "host", "--rm")
        return ("run", *limits, *options, image, *arguments)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run([*self.command, *arguments], check=False, capture_output=True, text=True)
        if done.returncode:
            raise EngineError(done.stdout + done.stderr)
        return done.stdout


def find_engine() -> Engine | None:
    """Docker if its daemon answers, else Podman if it is installed."""
    if shutil.which("docker"):
        docker = Engine(("docker",))
        if docker.answers():
            return docker
    if shutil.which("podman"):
        # runc and chroot ask less of the kernel than Podman's defaults; some machines that are
        # containers themselves grant no more.
        runtime = ("--runtime", "runc") if shutil.which("runc") else ()
        # Lambda has no other temporary file systems than /tmp.
        return Engine(
            ("podman", *runtime), ("--isolation", "chroot", "--layers"), ("--read-only-tmpfs=false",)
        )
    return None
