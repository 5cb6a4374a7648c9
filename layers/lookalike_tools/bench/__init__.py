"""The benchmark: what Lookalike costs, next to what people would use instead, measured by alternation."""

from lookalike_tools.bench.benchmark import run_bench

__all__ = ["run_bench"]
