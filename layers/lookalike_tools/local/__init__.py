"""The whole stack on this machine: the project's template on an emulated AWS."""

from lookalike_tools.local.emulator import LocalStackError
from lookalike_tools.local.stack import LocalStack, local_stack, run_stack

__all__ = ["LocalStack", "LocalStackError", "local_stack", "run_stack"]
