"""The codec of `next`: there and back, and nothing else accepted."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import page_tokens
from web_errors import BadParameterError


@given(st.text(st.characters(max_codepoint=126, min_codepoint=32), max_size=30),
       st.integers(0, page_tokens.MAX_ID))  # fmt: skip
def test_there_and_back(time: str, image_id: int) -> None:
    token = page_tokens.encode((time, image_id))
    assert page_tokens.decode(token) == (time, image_id)
    assert token.replace("-", "").replace("_", "").isalnum()


@given(st.text(max_size=250))
@example("-1")
@example("WyJ4IiwtMV0")  # ["x",-1]
@example("WyJ4Iix0cnVlXQ")  # ["x",true]
@example("WyJ4Iiw5MjIzMzcyMDM2ODU0Nzc1ODA4XQ")  # ["x",9223372036854775808]
@example("W1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tb")
def test_anything_else_is_a_bad_parameter(token: str) -> None:
    try:
        key = page_tokens.decode(token)
    except BadParameterError:
        return
    assert page_tokens.decode(page_tokens.encode(key)) == key


@pytest.mark.parametrize("token", ["WyJ4IiwtMV0", "WyJ4Iix0cnVlXQ", "é", "A" * 201])
def test_refused(token: str) -> None:
    with pytest.raises(BadParameterError):
        page_tokens.decode(token)
