"""What the steps of a bucket's life are drawn from."""

from hypothesis import strategies as st

SUBJECT_OF_TYPE = {"hex-nut": 0, "gear": 1}
TYPES = st.sampled_from([*SUBJECT_OF_TYPE])
SHOTS = st.integers(0, 4)
CALLS = st.integers(0, 9)
NAMES = st.sampled_from(["a.png", "ä +.png", "c.jpg"])
FILENAMES = st.sampled_from([None, "b.png"])
MODELS = st.integers(0, 1)
INDEX = st.integers(0, 99)
NO_IMAGE = b"no image"
WRONG_BOX = "0.5,0.5,0.1"
BOXES = st.sampled_from(["0.1,0.1,0.6,0.6", "0.5,0.25,1,0.75", WRONG_BOX])
