"""How well each decision rule tells types apart, on a folder of photos."""

from lookalike_tools.evaluation.evaluate import evaluate

__all__ = ["evaluate"]
