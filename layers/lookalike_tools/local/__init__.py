"""The whole stack on this machine: the project's template on an emulated AWS."""

from lookalike_tools.local.emulator import LocalStackError
from lookalike_tools.local.stack import Stack, local_stack, run_stack

__all__ = ["LocalStackError", "Stack", "local_stack", "run_stack"]
