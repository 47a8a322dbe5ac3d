"""Nothing that a worker sends is believed: what is well formed arrives, all else is WorkerError."""

import copy
import dataclasses
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from json_strategies import json_values

from image_warnings import ImageWarning
from ocr_contract import word_boxes
from ocr_contract.alternatives import Alternative
from ocr_contract.doubt import Reason
from ocr_errors import ImageError, WorkerError
from page_records import DocumentState, Line, Page, Task
from worker_link import worker_protocol as protocol
from worker_link.worker_protocol import page_to_json, parse_batch, parse_ready

SHA = "ab" * 32
NAME = f"ab/{SHA}-p1.jpg"
READY = {
    "engine": "e",
    "device": "cpu",
    "precision": "f32",
    "models": {"m": SHA},
    "parameters": {"threads": 2},
    "batch_size": 2,
    "batches": 3,
}
MORE = {
    "doubt": 0.25, "reason": "other_script", "alternatives": [[0, 1, "f"]], "model": "m",
    "words": [10, 990], "paragraph": 1,
}  # fmt: skip
PAGE = {
    "width": 10,
    "height": 20,
    "rotation": 90,
    "preview": NAME,
    "thumbnail": None,
    "seconds": 0.5,
    "lines": [["text", 0.5, [[0, 0], [5, 0], [5, 5], [0, 5]]]],
}
WARNING = {"code": "partly_missing", "message": "The last 3 % are missing."}
WARNED = {**PAGE, "lines": [[*PAGE["lines"][0], MORE]], "warnings": [WARNING]}
BATCH = {"batch": 3, "seconds": 1.5, "images": [{"id": 1, "sha256": SHA, "pages": [PAGE]}]}
ERROR = {"code": "damaged_image", "message": "Broken.", "ignored": False}
TASKS = [Task(1, b"a.png", SHA)]
PAGE_MESSAGE = {"type": "page", "batch": 3, "id": 1, "sha256": SHA, "pages": 9, "number": 2,
                "page": PAGE}  # fmt: skip
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
numbers = st.floats(-1e6, 1e6)
polygons = st.tuples(*[st.tuples(numbers, numbers)] * 4)


@st.composite
def alternatives(draw: st.DrawFn, text: str) -> tuple[Alternative, ...]:
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
    readings = st.lists(texts, min_size=1, max_size=2).map(tuple)
    pairs = zip(places[::2], places[1::2], strict=False)
    return tuple(Alternative(start, end, draw(readings)) for start, end in pairs)


def word_places(text: str) -> st.SearchStrategy[tuple[int, ...]]:
    places, count = st.integers(0, word_boxes.WHOLE), len(text.split())
    words = st.tuples(places, places).map(sorted)
    found = st.lists(words, min_size=count, max_size=count)
    return found.map(lambda pairs: tuple(itertools.chain(*pairs)))


@st.composite
def lines(draw: st.DrawFn) -> Line:
    text = draw(texts)
    return Line(
        text,
        draw(st.floats(0, 1)),
        draw(polygons),
        doubt=draw(st.none() | st.integers(0, 10_000).map(lambda n: n / 10_000)),
        doubt_reason=draw(st.none() | st.sampled_from(list(Reason))),
        alternatives=draw(alternatives(text)),
        model=draw(st.none() | texts),
        words=draw(st.none() | word_places(text)),
        paragraph=draw(st.none() | st.integers(1, 100)),
    )


names = st.none() | st.just(NAME)
warnings = st.builds(ImageWarning, st.text("az_", min_size=1, max_size=50), texts.filter(str.strip))
pages = st.builds(
    Page,
    width=st.integers(1, 1_000_000),
    height=st.integers(1, 1_000_000),
    rotation=st.sampled_from([0, 90, 180, 270]),
    lines=st.lists(lines(), max_size=5).map(tuple),
    preview=names,
    thumbnail=names,
    seconds=st.floats(0, 1e6),
    warnings=st.lists(warnings, max_size=protocol.MAX_WARNINGS).map(tuple),
)


def parse_one(page: Any) -> Page:
    message = {**BATCH, "images": [{"id": 1, "sha256": SHA, "pages": [page]}]}
    return parse_batch(message, TASKS).images[0].pages[0]


@given(pages)
def test_a_page_arrives_as_it_was_sent(page: Page) -> None:
    found = parse_one(json.loads(json.dumps(page_to_json(page))))
    assert found.text == page.text
    assert found.lines == tuple(
        dataclasses.replace(line, confidence=round(line.confidence, 4)) for line in page.lines
    )
    assert (found.width, found.height, found.rotation) == (page.width, page.height, page.rotation)
    assert (found.preview, found.thumbnail) == (page.preview, page.thumbnail)
    assert found.warnings == page.warnings


def test_a_worker_without_warnings_has_none() -> None:
    assert parse_one(PAGE).warnings == ()


def test_more_than_the_wire_takes_is_cut_where_it_is_sent() -> None:
    many = (ImageWarning("a", "x" * (protocol.MAX_WARNING_CHARS + 1)),) * 99
    found = parse_one(page_to_json(Page(1, 1, 0, (), None, None, 0, many)))
    assert len(found.warnings) == protocol.MAX_WARNINGS
    assert {len(warning.message) for warning in found.warnings} == {protocol.MAX_WARNING_CHARS}


def test_text_and_confidence_of_a_page() -> None:
    square = ((0.0, 0.0),) * 4
    found = Page(1, 1, 0, (Line("a", 0.5, square), Line("b", 1.0, square)), None, None, 0)
    assert (found.text, found.confidence) == ("a\nb", 0.75)
    assert Page(1, 1, 0, (), None, None, 0).confidence is None


def test_an_error_arrives() -> None:
    message = {**BATCH, "images": [{"id": 1, "sha256": None, "error": ERROR}]}
    image = parse_batch(message, TASKS).images[0]
    assert isinstance(image.error, ImageError)
    assert (image.error.code, image.error.message) == ("damaged_image", "Broken.")
    assert not image.error.ignored
    assert image.pages == ()


def test_zero_bytes_do_not_reach_the_database() -> None:
    page = {**PAGE, "lines": [["a\x00b", 0.5, [[0, 0]] * 4, {}]]}
    assert parse_one(page).text == "a\N{REPLACEMENT CHARACTER}b"


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, as the way to it."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [at] * bool(at) + [way for key, part in inner for way in places(part, (*at, key))]


def replaced(value: Any, way: tuple[Any, ...], new: Any) -> Any:
    value = copy.deepcopy(value)
    inner = value
    for key in way[:-1]:
        inner = inner[key]
    inner[way[-1]] = new
    return value


def only_worker_errors(parse: Callable[[], object]) -> None:
    try:
        parse()
    except WorkerError as error:
        assert error.code == "worker_nonsense"
        error.message.encode()


WARNED_BATCH = {**BATCH, "images": [{"id": 1, "sha256": SHA, "pages": [WARNED]}]}


@given(st.sampled_from(places(WARNED_BATCH)), json_values)
def test_any_field_may_be_anything(way: tuple[Any, ...], new: Any) -> None:
    """What is accepted all the same can be stored."""

    def parse() -> None:
        result = parse_batch(replaced(WARNED_BATCH, way, new), TASKS)
        for page in result.images[0].pages:
            page.text.encode()
            for warning in page.warnings:
                assert warning.code.isascii() and warning.message.strip().encode()
            json.dumps([line.polygon for line in page.lines], allow_nan=False)

    only_worker_errors(parse)


@given(st.sampled_from(places(READY)), json_values)
def test_any_field_of_ready_may_be_anything(way: tuple[Any, ...], new: Any) -> None:
    def parse() -> None:
        found = parse_ready(replaced(READY, way, new))
        json.dumps([found.models, found.parameters], allow_nan=False, ensure_ascii=False).encode()

    only_worker_errors(parse)


@given(json_values)
def test_whole_messages_may_be_anything(value: Any) -> None:
    message = value if isinstance(value, dict) else {"images": value}
    only_worker_errors(lambda: parse_batch(message, TASKS))
    only_worker_errors(lambda: parse_ready(message))
    assert isinstance(protocol.parse_failed(message), WorkerError)


@pytest.mark.parametrize("way", places(BATCH))
def test_any_missing_field_is_refused(way: tuple[Any, ...]) -> None:
    """Only an image's sha256 and pages may be absent, and only together with an error."""
    message = copy.deepcopy(BATCH)
    inner: Any = message
    for key in way[:-1]:
        inner = inner[key]
    if way[-1] == 0 and len(way) > 1 and way[-2] in ("pages", "lines"):
        return  # a page fewer, a line fewer: allowed
    del inner[way[-1]]
    with pytest.raises(WorkerError):
        parse_batch(message, TASKS)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        f"/ab/{SHA}-p1.jpg",
        f"ab/../{SHA}-p1.jpg",
        f"../{NAME}",
        f"{NAME}\n",
        f"{NAME}/..",
        f"ab\\{SHA}-p1.jpg",
        f"AB/{SHA.upper()}-p1.jpg",
        f"ab/{SHA}-p1.svg",
        f"ab/{SHA}-p1.jpg.html",
        f"ab/{SHA}-\u0660.jpg",
        "",
        "ab",
        5,
        ["ab"],
    ],
)
@pytest.mark.parametrize("field", ["preview", "thumbnail"])
def test_a_previews_name_leads_nowhere_else(field: str, name: object) -> None:
    with pytest.raises(WorkerError):
        parse_one({**PAGE, field: name})


@pytest.mark.parametrize(
    "change",
    [
        {"rotation": 45},
        {"rotation": True},
        {"width": 0},
        {"width": 2_000_000},
        {"height": 1.5},
        {"height": True},
        {"seconds": -1},
        {"seconds": float("nan")},
        {"seconds": 10**400},
        {"lines": [["t", 2, [[0, 0]] * 4]]},
        {"lines": [["t", 0.5, [[0, 0]] * 5]]},
        {"lines": [["t", 0.5, [[0, 0]] * 4, {"doubt": 1.5}]]},
        {"lines": [["t", 0.5, [[0, 0]] * 4, {"doubt": float("nan")}]]},
        {"lines": [["t", 0.5, [[0, 0]] * 4, {"reason": "A sentence."}]]},
        {"lines": [["t", 0.5, [[0, 0]] * 4, {"model": "x" * 201}]]},
        {"lines": [["t", 0.5, [[0, 0]] * 4, {"alternatives": [[0, 2, "f"]]}]]},
        {"lines": [["t", 0.5, [[0, 0]] * 4, {"alternatives": [[0, 1, "\ud800"]]}]]},
        {"lines": [["t", 0.5, [[0, 0]] * 4, {"alternatives": {}}]]},
        {"lines": [["t", 0.5, [[0, 0]] * 4, {"words": [0, 500, 600, 1000]}]]},
        {"lines": [["t", 0.5, [[0, 0]] * 4, {"words": [500, 0]}]]},
        {"lines": [["t", 0.5, [[0, 0]] * 4, {"words": [0, 1001]}]]},
        {"lines": [["t", 0.5, [[0, 0]] * 4, {"words": [0, True]}]]},
        {"lines": [["t", 0.5, [[0, 0]] * 4, {"words": "[0,1]"}]]},
        {"lines": [["t", 0.5, [[0, 0]] * 4, {"paragraph": 0}]]},
        {"lines": [["t", 0.5, [[0, 0]] * 4, {"paragraph": "1"}]]},
        {"lines": [["t", 0.5, [[0, 0]] * 3]]},
        {"lines": [["t", 0.5, [[0, float("inf")]] * 4]]},
        {"lines": [["t", 0.5, [[0, True]] * 4]]},
        {"lines": [["\ud800", 0.5, [[0, 0]] * 4]]},
        {"lines": [["x" * 10_001, 0.5, [[0, 0]] * 4]]},
        {"lines": [["t", 0.5, [[0, 0]] * 4]] * 20_001},
        {"lines": [["t", 0.5]]},
        {"lines": "text"},
        {"warnings": None},
        {"warnings": "text"},
        {"warnings": ["text"]},
        {"warnings": [{"code": "a"}]},
        {"warnings": [{"message": "Text."}]},
        {"warnings": [{**WARNING, "code": "A code"}]},
        {"warnings": [{**WARNING, "code": "code\n"}]},
        {"warnings": [{**WARNING, "message": " \n"}]},
        {"warnings": [{**WARNING, "message": "\ud800"}]},
        {"warnings": [{**WARNING, "message": "x" * (protocol.MAX_WARNING_CHARS + 1)}]},
        {"warnings": [WARNING] * (protocol.MAX_WARNINGS + 1)},
    ],
)
def test_pages_that_are_refused(change: dict[str, Any]) -> None:
    parse_one(PAGE)
    with pytest.raises(WorkerError):
        parse_one({**PAGE, **change})


@pytest.mark.parametrize(
    "image",
    [
        {"id": 2, "sha256": SHA, "pages": []},
        {"id": True, "sha256": SHA, "pages": []},
        {"id": 1, "sha256": None, "pages": []},
        {"id": 1, "sha256": SHA[:-1], "pages": []},
        {"id": 1, "sha256": SHA + "\n", "pages": []},
        {"id": 1, "sha256": SHA, "pages": "none"},
        {"id": 1, "sha256": SHA, "error": {**ERROR, "code": "A code"}},
        {"id": 1, "sha256": SHA, "error": {**ERROR, "code": ""}},
        {"id": 1, "sha256": SHA, "error": {**ERROR, "message": "x" * 501}},
        {"id": 1, "sha256": SHA, "error": "broken"},
        "image",
    ],
)
def test_images_that_are_refused(image: object) -> None:
    with pytest.raises(WorkerError):
        parse_batch({**BATCH, "images": [image]}, TASKS)


@pytest.mark.parametrize("ids", [[], [1], [2, 1], [1, 1], [1, 2, 3]])
def test_exactly_the_images_of_the_batch_in_their_order(ids: list[int]) -> None:
    images = [{"id": i, "sha256": SHA, "pages": []} for i in ids]
    tasks = [Task(1, b"a", SHA), Task(2, b"b", SHA)]
    with pytest.raises(WorkerError):
        parse_batch({**BATCH, "images": images}, tasks)


@pytest.mark.parametrize("batches", [0, -1, protocol.MAX_BATCHES + 1, True, "2", 1.0, None])
def test_how_many_batches_a_worker_may_want(batches: object) -> None:
    assert parse_ready(READY).batches == 3
    with pytest.raises(WorkerError):
        parse_ready({**READY, "batches": batches})


@given(json_values)
def test_whose_answer_it_is_may_be_anything(value: Any) -> None:
    """What is accepted can be looked up."""
    only_worker_errors(lambda: {}.get(protocol.batch_of({"batch": value})))
    only_worker_errors(lambda: {}.get(protocol.batch_of({"other": value})))


def test_what_failed_says_is_bounded() -> None:
    error = protocol.parse_failed({"code": "no_gpu", "message": "None."})
    assert (error.code, error.message) == ("no_gpu", "None.")
    for message in ({}, {"code": "A B", "message": "x"}, {"code": "a", "message": "x" * 9999}):
        assert protocol.parse_failed(message).code == "worker_nonsense"


class TestDocuments:
    def test_a_page_arrives(self) -> None:
        found = protocol.parse_page(PAGE_MESSAGE, TASKS)
        assert (found.image_id, found.number, found.page_count) == (1, 2, 9)
        assert found.page is not None and found.page.text == "text"

    def test_or_why_it_could_not_be_read(self) -> None:
        message = {name: value for name, value in PAGE_MESSAGE.items() if name != "page"}
        found = protocol.parse_page(message | {"error": ERROR}, TASKS)
        assert found.page is None
        assert found.error is not None and found.error.code == "damaged_image"

    @pytest.mark.parametrize(
        "change",
        [
            {"number": 0}, {"number": 10}, {"pages": 0}, {"pages": 10**9}, {"id": 2}, {"id": "1"},
            {"sha256": "x"}, {"sha256": None}, {"page": {}}, {"page": None}, {"batch": -1},
        ],
    )  # fmt: skip
    def test_anything_else_is_nonsense(self, change: dict[str, Any]) -> None:
        with pytest.raises(WorkerError, match="unusable"):
            protocol.parse_page(PAGE_MESSAGE | change, TASKS)

    @given(json_values)
    def test_no_value_of_a_page_is_believed(self, value: Any) -> None:
        for name in PAGE_MESSAGE:
            try:
                protocol.parse_page(PAGE_MESSAGE | {name: value}, TASKS)
            except WorkerError as error:
                assert error.code == "worker_nonsense"

    def test_the_end_of_a_portion(self) -> None:
        state = DocumentState(12, True, (ImageWarning("pages_left_out", "More than 12."),))
        told = {"id": 1, "sha256": SHA, "document": protocol.document_to_json(state)}
        found = parse_batch(json.loads(json.dumps({**BATCH, "images": [told]})), TASKS)
        assert found.images[0].document == state

    @pytest.mark.parametrize("change", [{"pages": 0}, {"warnings": [WARNING] * 11}, {"pages": "3"}])
    def test_a_malformed_end(self, change: dict[str, Any]) -> None:
        told = protocol.document_to_json(DocumentState(12)) | change
        image = {"id": 1, "sha256": SHA, "document": told}
        with pytest.raises(WorkerError):
            parse_batch({**BATCH, "images": [image]}, TASKS)

    def test_the_text_of_a_pdf_travels(self) -> None:
        page = Page(1, 1, 0, (), None, None, 0.1, embedded_text="ünder")
        value = json.loads(json.dumps(PAGE_MESSAGE | {"page": page_to_json(page)}))
        assert protocol.parse_page(value, TASKS).page == page

    @pytest.mark.parametrize("page", [0, -1, "1", None, 10**9])
    def test_the_page_in_hand_is_a_number(self, page: Any) -> None:
        assert protocol.parse_page_in_hand({"type": "progress", "page": 7}) == 7
        assert protocol.parse_page_in_hand({"type": "progress"}) is None
        with pytest.raises(WorkerError):
            protocol.parse_page_in_hand({"page": page})
