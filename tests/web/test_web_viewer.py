"""Looking closely and correcting in a real Chromium: no text is lost, what one sees is what one
marks, and a line in focus can be read."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from correcting_reader import CorrectingReader
from demo_data import DemoDatabase, Line
from playwright.sync_api import Browser, Page, expect
from polling import wait_until
from web_server import WebServer

RECEIPT = (600, 2400)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoDatabase]:
    with DemoDatabase(tmp_path_factory.mktemp("viewer")) as demo:
        yield demo


@pytest.fixture(scope="module")
def server(database: DemoDatabase) -> Iterator[WebServer]:
    with WebServer(database.data_folder) as running:
        yield running


@pytest.fixture(scope="module")
def reader(database: DemoDatabase, server: WebServer) -> Iterator[CorrectingReader]:
    with CorrectingReader(database.data_folder) as running:
        yield running


@pytest.fixture(scope="module")
def receipt(database: DemoDatabase) -> int:
    """60 lines of black bars on white, each within its box: ink to be told by its colour."""
    width, height = RECEIPT
    picture = np.full((height, width, 3), 255, np.uint8)
    lines: list[Line] = []
    for number in range(60):
        top = 20 + 39 * number
        picture[top + 4 : top + 14, 40:400] = 0
        box = [[40, top], [400, top], [400, top + 18], [40, top + 18]]
        lines.append((f"item {number} costs {number}.50", 0.85 if number % 7 else 0.5, box))
    folder = database.data_folder / "previews"
    folder.mkdir(exist_ok=True)
    cv2.imwrite(str(folder / "receipt.png"), picture)
    image_id = database.add_image("2023/عربي.png")
    database.add_page(image_id, lines, width=width, height=height, preview="receipt.png")
    return image_id


def line_in(page: Page, number: int) -> str:
    return page.locator(f"#p1-line-{number} .line-text").inner_text()


def corrected(database: DemoDatabase, image_id: int) -> list[str]:
    rows = database._connection.execute(
        "SELECT c.text FROM corrections c JOIN lines l ON l.id = line_id "
        "JOIN pages p ON p.id = page_id WHERE image_id = ? ORDER BY l.number",
        (image_id,),
    )
    return [row[0] for row in rows]


def test_thirty_corrections_go_nowhere_and_ask_once_each(
    page: Page, server: WebServer, database: DemoDatabase, reader: CorrectingReader
) -> None:
    image_id = database.add_text("thirty.png", "\n".join(f"1ine {n}" for n in range(30)))
    page.goto(f"{server.address}/images/{image_id}")
    page.evaluate("window.untouched = true")
    history = page.evaluate("history.length")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.locator("#p1-line-1").focus()
    for number in range(1, 31):
        page.keyboard.press("Enter")
        page.keyboard.type(f"line {number}")
        page.keyboard.press("Enter")
        expect(page.locator(f"#p1-line-{number}")).to_be_focused()
        page.keyboard.press("ArrowDown")
    assert asked == ["POST"] * 30
    assert page.evaluate("[window.untouched, history.length]") == [True, history]
    assert corrected(database, image_id) == [f"line {number}" for number in range(1, 31)]
    expect(page.locator("#p1-line-7 .machine")).to_have_text("The machine read: 1ine 6")


def test_what_was_typed_is_offered_again_whatever_happens(
    page: Page, server: WebServer, database: DemoDatabase, reader: CorrectingReader
) -> None:
    image_id = database.add_text("drafts.png", "0ne\ntwo\nthree")
    address = f"{server.address}/images/{image_id}"
    page.goto(address)
    first, box = page.locator("#p1-line-1"), page.locator(".edit-line [name=text]")
    first.locator(".line-text").dblclick()
    page.keyboard.type("One typed")
    page.locator("#p1-line-2 .line-text").click()  # another line
    expect(first.locator(".badge.unsaved")).to_be_visible()
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    first.locator(".line-text").click()
    expect(box).to_have_value("One typed")
    page.keyboard.press("End")
    page.keyboard.type(" more")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")  # on Save: no step to another image
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    # Before the page is loaded: a request that follows soon after could pass by it.
    page.route("**/actions/**", lambda route: route.fulfill(
        status=503, json={"code": "unreachable", "sentence": "The reader does not answer."}
    ))  # fmt: skip
    page.reload()
    assert asked == ["beforeunload"]
    first.locator(".line-text").click()
    expect(box).to_have_value("One typed more")
    page.keyboard.press("Enter")
    expect(page.locator(".form-note")).to_contain_text("does not answer. Your text is kept.")
    page.unroute("**/actions/**")
    # Read again: other lines, with the same numbers.
    database.execute("UPDATE lines SET text = '1' || text WHERE page_id = (SELECT id FROM pages "
                     "WHERE image_id = ?)", (image_id,))  # fmt: skip
    page.keyboard.press("Enter")
    expect(page.locator(".form-note")).to_contain_text("changed")
    page.reload()
    expect(page.locator("#drafts")).to_contain_text("for the line that said “0ne”: One typed more")
    assert corrected(database, image_id) == []
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("#drafts")).to_be_hidden()


def test_of_two_tabs_the_second_is_asked(
    page: Page, server: WebServer, database: DemoDatabase, reader: CorrectingReader
) -> None:
    image_id = database.add_text("tabs.png", "wor1d\nm0re")
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"{server.address}/images/{image_id}")
    for line in (1, 2):
        for tab, text in ((page, "world"), (other, "word")):
            tab.locator(f"#p1-line-{line} .line-text").click()
            tab.keyboard.type(f"{text} {line}")
            tab.keyboard.press("Enter")
        expect(other.locator(".form-note")).to_contain_text(f"It says now: world {line}")
        button = "Save mine instead" if line == 1 else "Keep that text"
        other.get_by_role("button", name=button).click()
        expect(other.locator(".edit-line")).to_have_count(0)
    assert [line_in(other, 1), line_in(other, 2)] == ["word 1", "world 2"]
    assert corrected(database, image_id) == ["word 1", "world 2"]


def test_an_answer_that_does_not_come_is_looked_for_until_it_is_known(
    page: Page, server: WebServer, database: DemoDatabase, reader: CorrectingReader
) -> None:
    image_id = database.add_text("slow.png", "s1ow")
    page.goto(f"{server.address}/images/{image_id}")
    page.locator("#p1-line-1 .line-text").click()
    page.keyboard.type("slow")
    reader.waits_s = [5.3, 0.6]  # it stores the text, and its answer comes too late
    page.keyboard.press("Enter")
    expect(page.locator(".form-note")).to_contain_text("Not known yet", timeout=8000)
    expect(page.locator("#said")).to_have_text("Saved.")
    assert corrected(database, image_id) == ["slow"]
    ids = [body["request_id"] for _, body in reader.requests if body["text"] == "slow"]
    assert len(ids) == 2 and len(set(ids)) == 1


def box_and_ink(page: Page, number: int) -> tuple[float, bool]:
    """How high a line's box is on the screen, and whether its middle lies on ink of the picture."""
    found = page.evaluate(
        """async (id) => {
          const box = document.getElementById(id).getBoundingClientRect();
          const image = document.querySelector('.sheet img');
          const shown = image.getBoundingClientRect();
          const canvas = document.createElement('canvas');
          [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
          const context = canvas.getContext('2d');
          context.drawImage(image, 0, 0);
          const x = (box.x + box.width / 2 - shown.x) * image.naturalWidth / shown.width;
          const y = (box.y + box.height / 2 - shown.y) * image.naturalHeight / shown.height;
          const frame = document.querySelector('.frame').getBoundingClientRect();
          const isSeen = box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
          return [box.height, context.getImageData(x, y, 1, 1).data[0] < 128 && isSeen];
        }""",
        f"p1-box-{number}",
    )
    return found[0], found[1]


@pytest.mark.parametrize("size", [(1280, 800), (360, 740)])
def test_the_line_in_focus_can_be_read_at_every_size(
    page: Page, server: WebServer, receipt: int, size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{server.address}/images/{receipt}")
    page.get_by_role("button", name="Page", exact=True).click()
    before, _ = box_and_ink(page, 40)
    page.locator("#p1-line-40").focus()
    page.keyboard.press("ArrowDown")
    height, is_on_ink = box_and_ink(page, 41)
    assert before < 24 <= height and is_on_ink
    for key in ("+", "+", "-", "0", "-"):
        page.keyboard.press(key)
        assert box_and_ink(page, 41)[1], key
    scale = page.locator(".zoom-value").inner_text()
    frame = page.locator(".frame").bounding_box()
    assert frame is not None
    page.mouse.move(frame["x"] + 50, frame["y"] + 50)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    expect(page.locator(".zoom-value")).not_to_have_text(scale)
    page.mouse.wheel(0, -9000)  # the list goes with the picture, where it scrolls at all
    if size[0] > 760:
        expect(page.locator("#p1-line-3")).to_be_in_viewport()
    page.keyboard.press("b")
    assert page.locator("#p1-box-30").evaluate("box => getComputedStyle(box).stroke") == "none"
    page.locator("#p1-line-41").press("Enter")
    for part in (page.locator(".edit-line [name=text]"), page.locator("#p1-box-41")):
        expect(part).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("Escape")


def test_other_readings_take_no_room_from_what_is_typed(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    image_id = database.add_text("perhaps.png", "Tota1 12 50")
    database.execute("UPDATE lines SET measured_doubt = 0.9, doubt_reason = 'lost_point', "
                     "alternatives = '[[0,5,\"Total\"]]' WHERE text = 'Tota1 12 50'")  # fmt: skip
    page.goto(f"{server.address}/images/{image_id}")
    page.locator("#p1-line-1").press("Enter")
    line, typed, readings = (
        page.locator(place).bounding_box()
        for place in ("#p1-line-1", ".edit-line [name=text]", ".doubts")
    )
    assert line is not None and typed is not None and readings is not None
    assert min(typed["width"], readings["width"]) > 0.6 * line["width"]


def test_of_a_line_longer_than_the_window_the_part_that_counts_is_shown(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    """Its beginning, at the right in Arabic, or the hit."""
    image_id = database.add_image("long lines.png")
    texts = ["it begins here and ends " + "far away " * 9 + "at last", "هذا سطر طويل جدا " * 5]
    database.add_page(
        image_id,
        [(text, 0.9, [[50, y], [1950, y], [1950, y + 20], [50, y + 20]])
         for y, text in zip((400, 800), texts, strict=True)], width=2000, height=1200,
    )  # fmt: skip
    page.set_viewport_size({"width": 360, "height": 740})

    def edges(number: int) -> tuple[float, float]:
        """How far the box's left lies within the frame's left, and likewise at the right."""
        box = page.locator(f"#p1-box-{number}").bounding_box()
        frame = page.locator(".frame").bounding_box()
        assert box is not None and frame is not None
        assert box["width"] > frame["width"]
        right = frame["x"] + frame["width"] - box["x"] - box["width"]
        return box["x"] - frame["x"], right

    page.goto(f"{server.address}/images/{image_id}")
    page.locator("#p1-line-1").focus()
    for key in ("Home", "+", "-"):
        page.keyboard.press(key)
        assert 0 <= edges(1)[0] < 30, key
    page.keyboard.press("ArrowDown")
    assert 0 <= edges(2)[1] < 30
    page.goto(f"{server.address}/images/{image_id}?q=last")
    expect(page.locator(".hits")).to_contain_text("Hit 1 of 1")
    assert 0 <= edges(1)[1] < 30


def test_what_is_marked_is_the_text_of_the_lines(
    page: Page, server: WebServer, database: DemoDatabase, receipt: int
) -> None:
    page.goto(f"{server.address}/images/{receipt}")

    def drag(start: str, end: str) -> str:
        boxes = [page.locator(each).bounding_box() for each in (start, end)]
        assert boxes[0] is not None and boxes[1] is not None
        page.mouse.move(boxes[0]["x"] + 1, boxes[0]["y"] + boxes[0]["height"] / 2)
        page.mouse.down()
        page.mouse.move(
            boxes[1]["x"] + boxes[1]["width"] - 1, boxes[1]["y"] + boxes[1]["height"] / 2, steps=4
        )
        page.mouse.up()
        return str(page.evaluate(
            """() => {
              const data = new DataTransfer();
              const how = {clipboardData: data, bubbles: true, cancelable: true};
              const event = new ClipboardEvent('copy', how);
              document.getSelection().anchorNode.parentElement.dispatchEvent(event);
              return event.defaultPrevented ? data.getData('text/plain')
                                            : document.getSelection().toString();
            }"""
        ))  # fmt: skip

    wanted = "\n".join(f"item {number} costs {number}.50" for number in (1, 2, 3))
    text = ".picture-text g:nth-child({}) text:{}-child"
    assert drag(text.format(2, "first"), text.format(4, "last")) == wanted
    copied = drag("#p1-line-2 .line-text", "#p1-line-4 .line-text")
    assert [row for row in copied.splitlines() if row.strip()] == wanted.splitlines()


def test_a_path_is_shown_in_its_order(page: Page, server: WebServer, receipt: int) -> None:
    page.goto(f"{server.address}/images/{receipt}")
    places = page.locator("h1 bdi bdi bdi").evaluate_all(
        "parts => parts.map((part) => [part.textContent, part.getBoundingClientRect().x])"
    )
    assert [text for text, _ in sorted(places, key=lambda each: each[1])] == ["2023", "عربي.png"]


def test_the_list_one_comes_from_is_the_one_one_steps_through_and_goes_back_to(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    for number in range(4):
        status = "failed" if number % 2 else "done"
        database.add_image(f"place {number}.png", status=status, error="Torn.")
    page.goto(f"{server.address}/?state=failed")
    page.locator(".row a").first.click()
    page.locator("#older").click()
    expect(page.locator("h1")).to_have_text("place 1.png")
    page.wait_for_load_state("load")  # with what listens to keys
    page.keyboard.press("ArrowLeft")
    expect(page.locator("h1")).to_have_text("place 3.png")
    page.locator("#back").click()
    assert "state=failed" in page.url
    expect(page.locator(".tabs [aria-current]")).to_contain_text("Failed")


def test_hits_are_walked_through(page: Page, server: WebServer, receipt: int) -> None:
    page.goto(f"{server.address}/images/{receipt}?q=51.50")
    expect(page.locator(".hits")).to_contain_text("Hit 1 of 1")
    expect(page.locator("#p1-line-52")).to_be_in_viewport()
    assert box_and_ink(page, 52)[1]
    page.goto(f"{server.address}/images/{receipt}?q=costs")
    page.keyboard.press("n")
    page.keyboard.press("p")
    page.keyboard.press("p")
    expect(page.locator(".hits")).to_contain_text("Hit 60 of 60")
    expect(page.locator("#p1-line-60")).to_be_in_viewport()


def test_the_whole_review_by_keyboard(
    page: Page, server: WebServer, database: DemoDatabase, reader: CorrectingReader, receipt: int
) -> None:
    page.goto(f"{server.address}/review?image={receipt}")
    expect(page.locator(".review-line")).to_have_count(8)
    left = int(page.locator("#left").inner_text())
    assert left == 60
    history = page.evaluate("history.length")
    page.keyboard.press("Enter")  # right
    expect(page.locator("#done-now")).to_have_text("1")
    page.keyboard.press("Control+a")
    page.keyboard.type("corrected")
    page.keyboard.press("Enter")
    expect(page.locator("#rate")).to_contain_text("Of 2 lines")
    expect(page.locator("#rate")).to_contain_text("50.0 % were wrong, between 9.5 and 90.5 %")
    assert corrected(database, receipt) == ["corrected"]
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page.locator("#rate")).to_contain_text("Of 1 line")
    assert corrected(database, receipt) == []
    expect(page.locator(".review-line.current [name=text]")).to_have_value("corrected")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#done-now")).to_have_text("2")
    for number in range(3, 11):  # past the lines that it came with
        page.keyboard.press("Enter")
        expect(page.locator("#done-now")).to_have_text(str(number))
    expect(page.locator("#left")).to_have_text(str(left - 10))
    assert page.evaluate("history.length") == history


def test_without_scripts_a_review_goes_on_and_a_line_goes_back(
    browser: Browser, server: WebServer, database: DemoDatabase, reader: CorrectingReader
) -> None:
    image_id = database.add_text("by hand.png", "he11o")
    database.execute("UPDATE lines SET confidence = 0.5 WHERE text = 'he11o'")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.address}/review?image={image_id}")
    page.locator("[name=text]").fill("hello")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".empty")).to_contain_text("Nothing to review")
    page.goto(f"{server.address}/images/{image_id}")
    page.get_by_role("link", name="corrected").click()
    expect(page.locator(".history li")).to_have_count(2)
    page.get_by_role("button", name="Show this again").click()
    expect(page.locator(".notice").first).to_contain_text("machine's text again")
    assert corrected(database, image_id) == []
    context.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_of_it_sticks_out(page: Page, server: WebServer, receipt: int, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    for path in (f"/images/{receipt}", f"/images/{receipt}?q=costs", "/review", "/review?sample=1",
                 "/"):  # fmt: skip
        page.goto(server.address + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_enter_keeps_a_doubtful_line_and_goes_to_the_next_one(
    page: Page, server: WebServer, database: DemoDatabase, reader: CorrectingReader
) -> None:
    image_id = database.add_text("keep.png", "first\nsecond\nthird")  # each of them to check
    database.execute("UPDATE lines SET confidence = 0.999 WHERE text = 'second'")
    before = len(reader.requests)
    page.goto(f"{server.address}/images/{image_id}")
    page.locator("#p1-line-1").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".edit-line .primary")).to_have_text("Keep")
    page.keyboard.type("typed")
    expect(page.locator(".edit-line .primary")).to_have_text("Save")
    page.locator(".edit-line [name=text]").fill("first")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Kept as right.")
    expect(page.locator("#p1-line-1 .badge.kept")).to_be_visible()
    expect(page.locator("#p1-line-1 .badge.unsaved")).to_have_count(0)
    expect(page.locator("#p1-line-3")).to_be_focused()
    reviews = database._connection.execute(
        "SELECT was_wrong, is_sample FROM reviews WHERE line_id = (SELECT l.id FROM lines l "
        "JOIN pages p ON p.id = page_id WHERE image_id = ? AND l.text = 'first')", (image_id,)
    )  # fmt: skip
    assert [tuple(row) for row in reviews] == [(0, 0)]
    page.locator("#p1-line-2").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".edit-line .primary")).to_have_text("Save")
    page.keyboard.press("Enter")  # it is not doubtful: nothing is said of it
    expect(page.locator(".edit-line")).to_have_count(0)
    assert [body.get("review") for _, body in reader.requests[before:]] == ["worst"]
    assert corrected(database, image_id) == []


def test_the_pages_of_a_document_are_turned_by_keys(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    image_id = database.add_image("keys.pdf", page_count=9)
    for number in range(1, 10):
        database.add_page(image_id, [(f"page {number}", 0.9, [[0, 0], [9, 0], [9, 9], [0, 9]])],
                          number=number)  # fmt: skip
    page.goto(f"{server.address}/images/{image_id}")
    where = page.locator(".page-steps [aria-current]")
    for key, number in (("PageDown", 2), ("]", 3), ("End", 9), ("PageDown", 9), ("PageUp", 8),
                        ("Home", 1), ("PageUp", 1)):  # fmt: skip
        expect(page.locator(".keys")).to_be_visible()  # its script has begun
        top = 1e6 if key in ("PageDown", "End") else 0
        page.evaluate(f"scrollTo({{top: {top}, behavior: 'instant'}})")
        page.keyboard.press(key)
        expect(where).to_have_text(str(number))
    page.set_viewport_size({"width": 1280, "height": 300})
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    page.keyboard.press("PageDown")  # there is something left to scroll
    # Not wait_for_function: what it evaluates when it has to wait is against the page's own policy.
    wait_until(lambda: page.evaluate("scrollY") > 0, every_s=0.05)
    expect(where).to_have_text("1")


def copied_by_dragging(page: Page, start: tuple[float, float], end: tuple[float, float]) -> str:
    """What Ctrl+C would take after the mouse went from one point to the other."""
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=6)
    page.mouse.up()
    return str(page.evaluate(
        """() => {
          const data = new DataTransfer();
          const how = {clipboardData: data, bubbles: true, cancelable: true};
          const node = document.getSelection().anchorNode;
          node.parentElement.dispatchEvent(new ClipboardEvent('copy', how));
          return data.getData('text/plain');
        }"""
    ))  # fmt: skip


def test_lines_of_every_direction_are_marked_as_they_run(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    image_id = database.add_image("directions.png")
    lines: list[Line] = [
        ("المجموع الكلي", 0.9, [[100, 60], [500, 60], [500, 100], [100, 100]]),
        ("縦書きの文章", 0.9, [[700, 60], [740, 60], [740, 400], [700, 400]]),
        ("up here it goes", 0.9, [[60, 500], [60, 150], [90, 150], [90, 500]]),
    ]
    database.add_page(image_id, lines, width=800, height=560)
    page.goto(f"{server.address}/images/{image_id}")
    expect(page.locator(".keys")).to_be_visible()

    def edges(number: int) -> tuple[float, float, float, float]:
        found = page.locator(f".picture-text g:nth-child({number})").bounding_box()
        assert found is not None
        x, y = found["x"], found["y"]
        return x, x + found["width"], y, y + found["height"]

    left, right, top, bottom = edges(1)
    middle = (top + bottom) / 2
    assert copied_by_dragging(page, (right - 2, middle), (left + 2, middle)) == lines[0][0]
    left, right, top, bottom = edges(2)
    middle = (left + right) / 2
    assert copied_by_dragging(page, (middle, top + 2), (middle, bottom - 2)) == lines[1][0]
    left, right, top, bottom = edges(3)
    middle = (left + right) / 2
    assert copied_by_dragging(page, (middle, bottom - 2), (middle, top + 2)) == lines[2][0]


def test_the_picture_is_moved_by_hand_and_spread_with_two_fingers(
    browser: Browser, server: WebServer, receipt: int
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 740}, has_touch=True)
    page = context.new_page()
    page.goto(f"{server.address}/images/{receipt}")
    expect(page.locator(".keys")).to_be_visible()
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    frame = page.locator(".frame").bounding_box()
    assert frame is not None
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2

    def scale() -> int:
        return int(page.locator(".zoom-value").inner_text().removesuffix(" %"))

    before = scale()
    touch = context.new_cdp_session(page)
    point = "Math.round(document.querySelector('#p1-box-1').getBoundingClientRect().top)"
    for kind, apart in (("touchStart", 20), ("touchMove", 30), ("touchMove", 40), ("touchEnd", 0)):
        points = [{"x": x, "y": y - apart, "id": 0}, {"x": x, "y": y + apart, "id": 1}]
        touch.send("Input.dispatchTouchEvent",
                   {"type": kind, "touchPoints": points if apart else []})  # fmt: skip
    expect(page.locator(".zoom-value")).not_to_have_text(f"{before} %")
    assert scale() == pytest.approx(2 * before, abs=3)
    top = page.evaluate(point)
    # Beside the text, where there is only paper.
    page.mouse.move(frame["x"] + frame["width"] - 30, y)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] - 30, y - 60, steps=4)
    page.mouse.up()
    assert page.evaluate(point) == pytest.approx(top - 60, abs=2)
    assert page.locator(".edit-line").count() == 0
    context.close()
