"""What people read of a score, a threshold and a match agrees."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lookalike.matching.decision import DECIMALS, decide
from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Row
from lookalike.matching.policy import Policy
from lookalike.matching.settings import Rule


def encodings_of(vector: np.ndarray) -> Encodings:
    row = Row("reference.jpg", "etag", Origin.UPLOADED, "")
    return Encodings.empty("model", "type", len(vector)).append([EncodedImage(row, vector)])


@given(st.floats(0, np.pi), st.floats(-3e-6, 3e-6))
def test_a_match_exceeds_the_threshold_as_both_are_told(angle: float, margin: float) -> None:
    query = np.array([1, 0], np.float32)
    reference = np.array([np.cos(angle), np.sin(angle)], np.float32)
    threshold = min(1, max(0, float(reference[0]) + margin))
    decision = decide(query, encodings_of(reference), Policy(Rule.SIMILARITY, threshold))
    assert decision.score == round(decision.score, DECIMALS)
    assert decision.match is (decision.score > round(threshold, DECIMALS))
