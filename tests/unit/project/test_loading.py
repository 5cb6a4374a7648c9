"""Only who encodes waits for the model's runtime to load."""

import subprocess
import sys


def modules_after(statement: str) -> set[str]:
    """What a new process has loaded once a statement has run."""
    program = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_errors_load_no_onnxruntime() -> None:
    loaded = modules_after("import lookalike.errors")
    assert "lookalike.errors" in loaded
    assert "onnxruntime" not in loaded


def test_the_encoder_is_at_hand_all_the_same() -> None:
    assert "onnxruntime" in modules_after("from lookalike import Encoder")
