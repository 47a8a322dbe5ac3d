"""What travels from the process that makes exports arrives as it was, or is refused."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_contract.export.frames import (
    Begun,
    Ended,
    Event,
    Failed,
    FrameError,
    Waiting,
    decoded,
    encoded,
)  # fmt: skip

EVENTS = st.one_of(
    st.builds(Begun, st.integers(1, 2**62)), st.binary(max_size=50), st.just(Ended()),
    st.just(Waiting()), st.builds(Failed, st.text(max_size=9), st.text(max_size=50)),
)  # fmt: skip


@settings(max_examples=50)
@given(st.lists(EVENTS, max_size=8))
def test_events_come_back(events: list[Event]) -> None:
    stream = io.BytesIO(b"".join(map(encoded, events)))
    assert list(decoded(lambda count: stream.read(min(count, 3)))) == events


@pytest.mark.parametrize(
    "content",
    [b"D\x00\x00\x00\x05abc", b"D\x00", b"X\x00\x00\x00\x00", b"B\x00\x00\x00\x01x",
     b"D\xff\xff\xff\xff"],
)  # fmt: skip
def test_what_is_no_frame_is_refused(content: bytes) -> None:
    with pytest.raises(FrameError):
        list(decoded(io.BytesIO(content).read))
