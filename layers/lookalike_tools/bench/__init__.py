"""The benchmark: what Lookalike costs, next to what people would use instead, measured by alternation.

Nothing is imported here: contenders' processes must load only what they need.
"""
