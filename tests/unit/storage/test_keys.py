"""Keys hold a type and a name, and nothing else gets in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike import keys
from lookalike.errors import InvalidNameError

type_ids = st.from_regex(keys.TYPE_ID_PATTERN.removesuffix("$"), fullmatch=True)
names = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=60
)


@given(type_ids, names.filter(lambda name: name not in (".", "..")), st.sampled_from(keys.Folder))
def test_an_images_key_tells_its_type_folder_and_name(type_id: str, name: str, folder: keys.Folder) -> None:
    key = keys.image_key(type_id, name, folder)
    assert keys.parse_image_key(key) == keys.ImageKey(type_id, folder, name)
    assert keys.parse_type_id(key) == type_id
    assert keys.is_counterexample(key) is (folder is keys.Folder.COUNTEREXAMPLES)


@pytest.mark.parametrize(
    "key", ["types/hex-nut/settings.json", "types/hex-nut/counterexamples/", "counterexamples/a.jpg"]
)
def test_other_keys_are_no_counterexamples(key: str) -> None:
    assert not keys.is_counterexample(key)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x.jpg", "a/../b.jpg", "/x.jpg", "a//b.jpg", "folder/", "a\nb", "\x00", "\ud800"],
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(InvalidNameError, match="can't name an image"):
        keys.image_key("hex-nut", name)


def test_names_too_long_for_s3_are_refused() -> None:
    with pytest.raises(InvalidNameError, match="too long"):
        keys.image_key("hex-nut", "ü" * 600)


def test_a_key_may_be_as_long_as_s3_takes() -> None:
    longest = "x" * (keys.MAX_KEY_BYTES - len("types/hex-nut/images/"))
    assert len(keys.image_key("hex-nut", longest)) == keys.MAX_KEY_BYTES == 1024
    with pytest.raises(InvalidNameError, match="too long"):
        keys.image_key("hex-nut", longest + "x")


@pytest.mark.parametrize("text", ["a", "7", "hex-nut", "M8.v2_left", "x" * 64])
def test_a_type_is_named_by_letters_digits_and_a_few_marks(text: str) -> None:
    assert keys.is_type_id(text)


@pytest.mark.parametrize(
    "text", ["", "-nut", ".nut", "_nut", "hex nut", "hex/nut", "nut\n", "müller", "x" * 65]
)
def test_other_texts_name_no_type(text: str) -> None:
    assert not keys.is_type_id(text)


def test_each_thing_has_its_place_in_the_bucket() -> None:
    assert keys.image_key("hex-nut", "1.jpg") == "types/hex-nut/images/1.jpg"
    assert keys.settings_key("hex-nut") == "types/hex-nut/settings.json"
    assert keys.encodings_key("clip-1", "hex-nut") == "encodings/clip-1/hex-nut.safetensors"


def test_the_cohort_lies_beside_the_types_and_is_none() -> None:
    assert keys.gallery_key("clip-1") == "encodings/clip-1/_gallery.safetensors"
    assert not keys.is_type_id("_gallery")


@pytest.mark.parametrize(
    "key",
    [
        "types/hex-nut/images/",
        "types/hex-nut/images/folder/",
        "types/hex nut/images/1.jpg",
        "types/-nut/images/1.jpg",
        "types/hex-nut/1.jpg",
        "queries/1.jpg",
        "encodings/model/hex-nut.safetensors",
        "types//images/1.jpg",
    ],
)
def test_other_keys_are_no_images(key: str) -> None:
    assert keys.parse_image_key(key) is None


def test_settings_belong_to_their_type() -> None:
    assert keys.parse_type_id(keys.settings_key("hex-nut")) == "hex-nut"


@pytest.mark.parametrize(
    "key",
    [
        "types/hex nut/settings.json",
        "types/hex-nut/settings-json",
        "types/hex-nut/other.json",
        "queries/1.jpg",
    ],
)
def test_other_keys_belong_to_no_type(key: str) -> None:
    assert keys.parse_type_id(key) is None


@given(st.binary())
def test_an_appended_images_name_is_the_digest_of_its_bytes(image: bytes) -> None:
    assert keys.recognized_name(image, "JPEG") == f"{keys.content_digest(image)}.jpeg"


def test_a_digest_is_the_first_128_bits_of_sha_256() -> None:
    # Of no bytes, as FIPS 180-4's examples have it.
    assert keys.content_digest(b"") == "e3b0c44298fc1c149afbf4c8996fb924"


@pytest.mark.parametrize("name", ["1.jpg", "camera 3/ä.jpg", "a\nb"])
@pytest.mark.parametrize(("type_id", "folder"), [("hex-nut", "hex-nut"), (None, "_any")])
def test_a_photo_of_the_inbox_asks_for_a_type_or_any(type_id: str | None, folder: str, name: str) -> None:
    key = keys.inbox_key(type_id, name)
    assert key == f"inbox/{folder}/{name}"
    assert keys.parse_inbox_key(key) == (type_id, name)


@pytest.mark.parametrize(
    "key",
    [
        "inbox/",
        "inbox/hex-nut/",
        "inbox/hex-nut/folder/",
        "inbox/1.jpg",
        "inbox/hex nut/1.jpg",
        "inbox//1.jpg",
        "types/hex-nut/images/1.jpg",
    ],
)
def test_other_keys_are_no_photos_of_the_inbox(key: str) -> None:
    assert keys.parse_inbox_key(key) is None


@pytest.mark.parametrize("key", ["inbox/hex-nut/monday/1.jpg", "queries/1.jpg", "1.jpg"])
def test_a_file_name_is_the_last_part_of_a_key(key: str) -> None:
    assert keys.file_name(key) == "1.jpg"


def test_a_missed_photo_lies_with_its_type_by_the_digest_of_its_bytes() -> None:
    key = keys.missed_key("hex-nut", b"photo", "JPEG")
    name = keys.recognized_name(b"photo", "JPEG")
    assert key == f"missed/hex-nut/{name}"
    assert keys.parse_missed_key(key) == ("hex-nut", name)
    assert (keys.missed_prefix("hex-nut"), keys.missed_prefix()) == ("missed/hex-nut/", "missed/")


@pytest.mark.parametrize(
    "key",
    ["missed/", "missed/hex-nut/", "missed/hex nut/1.jpg", "missed/hex-nut/a/1.jpg", "inbox/hex-nut/1.jpg"],
)
def test_other_keys_are_no_missed_photos(key: str) -> None:
    assert keys.parse_missed_key(key) is None
