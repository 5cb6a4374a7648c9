"""The benchmark: Lookalike and what people would use instead, measured in turn.

Nothing is imported here: contenders' processes must load only what they need.
"""
