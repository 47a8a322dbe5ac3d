"""Many doubts about one image become the one that its row has room for."""

from hypothesis import given
from hypothesis import strategies as st

from image_warnings import MAX_JOINED_CHARS, ImageWarning, joined

sentences = st.text("ab. ", min_size=1, max_size=900).filter(str.strip)


def test_none_is_none() -> None:
    assert joined(()) is None


def test_the_first_code_and_every_sentence_once() -> None:
    many = (ImageWarning("a", "One."), ImageWarning("b", "Two."), ImageWarning("c", "One."))
    assert joined(iter(many)) == ImageWarning("a", "One. Two.")


@given(st.lists(st.builds(ImageWarning, st.sampled_from("abc"), sentences), min_size=1))
def test_it_is_bounded_and_never_empty(many: list[ImageWarning]) -> None:
    one = joined(many)
    assert one is not None
    assert one.code == many[0].code
    assert many[0].message.strip() in one.message
    assert 0 < len(one.message) <= MAX_JOINED_CHARS
