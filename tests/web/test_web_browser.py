"""The pages in a real Chromium: live parts, marking, keyboard, no script, hostile text."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_data import DemoDatabase
from fake_reader import FakeReader
from playwright.sync_api import Browser, Page, expect
from polling import wait_until
from web_server import WebServer

HOSTILE = "<script>window.hit=1</script><img src=x onerror=window.hit=1>"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoDatabase]:
    with DemoDatabase(tmp_path_factory.mktemp("browser")) as demo:
        yield demo


@pytest.fixture(scope="module")
def server(database: DemoDatabase) -> Iterator[WebServer]:
    for number in range(30):
        database.add_text(f"earlier {number}.png", f"first {number}\nsecond")
    with WebServer(database.data_folder) as running:
        yield running


def test_rows_and_numbers_appear_by_themselves(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    page.goto(server.address)
    before = int(page.locator('[data-count="done"]').inner_text())
    page.evaluate("window.untouched = true")
    kept = page.locator(".row").nth(3).element_handle()
    assert kept is not None
    database.add_text("just now.png", "fresh words")
    expect(page.locator('[data-count="done"]')).to_have_text(str(before + 1))
    expect(page.locator(".row").first).to_contain_text("just now.png")
    expect(page.locator(".row").first).to_contain_text("fresh words")
    assert page.evaluate("window.untouched") is True
    assert kept.evaluate("row => row.isConnected")  # rows that did not change are not made anew


def test_a_row_follows_what_changes_and_no_number(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    """Its text, when that is corrected or comes later than the image's own row."""
    first = database.add_text("mended.png", "he11o")
    later = database.add_image("text comes later.png")
    page.goto(server.address)
    rows = [page.locator(f"#i{image_id}") for image_id in (first, later)]
    expect(rows[1]).to_contain_text("No text was found")
    kept = page.locator(".row").nth(5).element_handle()
    database.execute("UPDATE pages SET corrected = 'hello' WHERE image_id = ?", (first,))
    expect(rows[0]).to_contain_text("hello")
    database.add_page(later, [("here it is", 0.5, [[0, 0], [9, 0], [9, 9], [0, 9]])])
    expect(rows[1]).to_contain_text("here it is")
    expect(rows[1]).to_contain_text("1 doubtful line")
    assert kept is not None and kept.evaluate("row => row.isConnected")


def test_new_rows_do_not_move_what_one_reads(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    page.goto(server.address)
    page.evaluate("scrollTo(0, 900)")
    row = page.locator(".row").nth(12).element_handle()
    assert row is not None
    before = row.evaluate("row => row.getBoundingClientRect().top")
    database.add_text("above.png", "x")
    expect(page.locator(".row").first).to_contain_text("above.png")
    assert abs(row.evaluate("row => row.getBoundingClientRect().top") - before) < 2


def test_the_readers_state_and_the_buttons(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    page.goto(server.address)
    expect(page.locator(".pill")).to_have_text("Not running")
    expect(page.locator("#tools")).to_be_hidden()
    with FakeReader(database.data_folder) as reader:
        expect(page.locator(".pill")).to_have_text("Ready")
        page.get_by_role("button", name="Pause").click()
        expect(page.locator(".notice")).to_contain_text("Paused")
        assert [path for path, _body in reader.requests] == ["/v1/pause"]
        reader.say(state="paused")
        expect(page.locator(".pill")).to_have_text("Paused")
        expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(page.locator(".pill")).to_have_text("Not running")


def test_a_page_that_nobody_keeps_up_to_date_says_so(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    """It went on showing what was true when it was told last, a reader at work for ever."""
    stale, elsewhere = page.locator("#stale"), database.path.with_name("elsewhere")
    page.clock.install()
    page.goto(server.address)
    expect(page.locator(".row").first).to_be_visible()
    database.path.rename(elsewhere)
    try:
        expect(stale).to_contain_text("There is no database yet.")
        expect(stale).to_contain_text("What stands here is as of")
    finally:
        elsewhere.rename(database.path)
    expect(stale).to_be_hidden()
    page.route("**/events", lambda route: route.abort())
    page.clock.fast_forward(30_000)  # nothing was heard for so long
    expect(stale).to_contain_text("web_service does not answer.")


def test_warnings_appear_and_go_by_themselves(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    page.goto(server.address)
    expect(page.locator("[data-count=warnings]")).to_have_count(0)
    image_id = database.add_warned("faint.png", "Something is on this page.")
    row = page.locator(".row").first
    expect(row).to_contain_text("Something is on this page.")
    expect(row.locator(".badge")).to_have_text("Warning")
    expect(page.locator(".numbers")).to_contain_text("1 of them with a warning")
    page.locator("a", has=page.locator("[data-tab=warnings]")).click()
    expect(page.locator(".row")).to_have_count(1)
    other_id = database.add_warned("torn.png", "The last 3 % are missing.", "words")
    expect(page.locator(".row").first).to_contain_text("The last 3 % are missing.")
    expect(page.locator("[data-tab=warnings]")).to_have_text("2")
    database.execute(
        "UPDATE images SET warning_code = NULL, warning = NULL, updated_at = ? WHERE id IN (?, ?)",
        (database.now(), image_id, other_id),
    )
    expect(page.locator(".empty")).to_contain_text("None here")
    expect(page.locator("[data-count=warnings]")).to_have_count(0)


def test_a_line_and_its_box_mark_each_other(page: Page, server: WebServer) -> None:
    page.goto(f"{server.address}/images/1#%")  # what is no line is no error either
    page.locator(".line").nth(1).hover()
    expect(page.locator("#p1-box-2")).to_have_class("box check on")
    page.locator("#p1-box-1").hover(force=True)
    expect(page.locator("#p1-line-1")).to_have_class("line check on")
    expect(page.locator("#p1-box-2")).to_have_class("box check")
    page.locator("#p1-box-1").click(force=True)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#p1-line-2")).to_be_focused()
    expect(page.locator("#p1-box-2")).to_have_class("box check on")
    page.get_by_role("button", name="Copy text").click()
    expect(page.locator("#copy")).to_have_text("Copied")


def test_a_line_is_corrected_in_place(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    image_id = database.add_text("to correct.png", "first\nhe11o")
    page.goto(f"{server.address}/images/{image_id}")
    line = page.locator("#p1-line-2")
    line.locator(".line-text").click()
    typed = line.get_by_role("textbox", name="Correct line 2")
    expect(typed).to_be_focused()
    expect(typed).to_have_value("he11o")
    expect(line.get_by_role("button", name="Take back")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(typed).to_have_count(0)
    expect(line).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("hello")
    with FakeReader(database.data_folder) as reader:
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_have_text("Saved.")
        ((path, body),) = reader.requests
    assert (path, body["text"]) == ("/v1/corrections", "hello")
    expect(line).to_be_focused()  # one goes on where one was
    page.keyboard.press("ArrowUp")
    expect(page.locator("#p1-line-1")).to_be_focused()


def test_a_clear_line_offers_other_readings_only_to_whoever_corrects_it(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    image_id = database.add_text("nearly clear.png", "Total\nTota1")
    for number, doubt in ((1, 0.02), (2, 0.2)):
        database.execute(
            "UPDATE lines SET measured_doubt = ?, alternatives = '[[0,5,\"Other\"]]' WHERE number "
            "= ? AND page_id = (SELECT id FROM pages WHERE image_id = ?)",
            (doubt, number, image_id),
        )
    page.goto(f"{server.address}/images/{image_id}")
    clear, to_check = (page.locator(f"#p1-line-{number} .perhaps") for number in (1, 2))
    expect(to_check).to_be_visible()
    expect(clear).to_be_hidden()
    page.locator("#p1-line-1 .line-text").click()
    expect(clear).to_be_visible()
    page.keyboard.press("Escape")
    expect(clear).to_be_hidden()


def test_a_correction_is_taken_back(page: Page, server: WebServer, database: DemoDatabase) -> None:
    image_id = database.add_text("corrected.png", "he11o <b>")
    database.execute(
        "INSERT INTO corrections (line_id, text, created_at) SELECT l.id, 'hello', '' FROM lines l "
        "JOIN pages p ON p.id = page_id WHERE image_id = ?",
        (image_id,),
    )
    page.goto(f"{server.address}/images/{image_id}")
    line = page.locator("#p1-line-1")
    expect(line.locator(".machine")).to_have_text("The machine read: he11o <b>")
    line.hover()
    line.get_by_role("link", name="Correct line 1").click()
    with FakeReader(database.data_folder) as reader:
        line.get_by_role("button", name="Take back").click()
        expect(page.locator("#said")).to_have_text("The machine's text again.")
        assert reader.requests[0][1]["text"] is None


def test_an_image_is_read_again_and_the_page_follows(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    image_id = database.add_text("again.png", "old words")
    page.goto(f"{server.address}/images/{image_id}")
    with FakeReader(database.data_folder) as reader:
        reader.answer_posts(200, {"queued": 1})
        database.execute("UPDATE images SET status = 'pending' WHERE id = ?", (image_id,))
        page.get_by_role("button", name="Read again").click()
        expect(page.locator(".notice").first).to_contain_text("waits to be read again")
        assert reader.requests == [("/v1/reprocess", {
            "image_ids": [image_id], "request_id": reader.requests[0][1]["request_id"],
        })]  # fmt: skip
    expect(page.locator(".line-text")).to_have_text("old words")
    database.execute("UPDATE lines SET text = 'new words' WHERE text = 'old words'")
    database.execute(
        "UPDATE images SET status = 'done', updated_at = ? WHERE id = ?",
        (database.now(), image_id),
    )
    expect(page.locator(".line-text")).to_have_text("new words")
    expect(page.locator(".notice")).to_have_count(0)


def test_correcting_without_scripts(
    browser: Browser, server: WebServer, database: DemoDatabase
) -> None:
    image_id = database.add_text("plain.png", "he11o")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.address}/images/{image_id}")
    page.locator(".line").hover()
    page.get_by_role("link", name="Correct line 1").click()
    page.get_by_role("textbox", name="Text of line 1").fill("hello")
    with FakeReader(database.data_folder) as reader:
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".notice")).to_contain_text("Saved.")
        assert reader.requests[0][1]["text"] == "hello"
    context.close()


def test_logging_in_and_out(page: Page, database: DemoDatabase, tmp_path: Path) -> None:
    image_id = database.add_text("guarded.png", "secret words")
    password = tmp_path / "password"
    password.write_text("a long password\n")
    with WebServer(database.data_folder, WEB_PASSWORD_FILE=str(password)) as server:
        page.goto(f"{server.address}/images/{image_id}?q=secret")
        expect(page).to_have_title("Log in · ocr_docker")
        expect(page.get_by_label("Password")).to_be_focused()
        page.keyboard.type("a wrong password")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("That is not the password.")
        page.get_by_label("Password").fill("a long password")
        page.get_by_role("button", name="Log in").click()
        expect(page.locator(".line mark")).to_have_text("secret")
        page.goto(server.address)
        expect(page.locator(".row").first).to_contain_text("guarded.png")
        page.context.clear_cookies()
        # The live page notices by itself that the session is over.
        database.add_text("later.png", "x")
        expect(page).to_have_title("Log in · ocr_docker")
        page.get_by_label("Password").fill("a long password")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Log out").click()
        expect(page).to_have_title("Log in · ocr_docker")
        page.go_back()
        expect(page).to_have_title("Log in · ocr_docker")


def test_who_logs_out_is_not_sent_to_the_login_by_the_list(
    page: Page, database: DemoDatabase, tmp_path: Path
) -> None:
    """The answer ends the session before the next page is there; what asks meanwhile is refused,
    and would lead to the login with the list as its aim."""
    password = tmp_path / "password"
    password.write_text("a long password\n")
    with WebServer(database.data_folder, WEB_PASSWORD_FILE=str(password)) as server:
        page.goto(server.address)
        page.get_by_label("Password").fill("a long password")
        page.get_by_role("button", name="Log in").click()
        expect(page.locator("#live")).to_be_visible()
        # The page shows before its script runs.
        is_open = "typeof stream === 'object' && stream?.readyState === 1"
        wait_until(lambda: page.evaluate(is_open), "its stream is open")
        page.evaluate("addEventListener('submit', (event) => event.preventDefault())")  # on its way
        page.get_by_role("button", name="Log out").click()
        page.context.clear_cookies()
        database.add_text("meanwhile.png", "x")
        page.wait_for_timeout(2500)  # the list asks at most once a second
        assert page.url == f"{server.address}/"


def test_search_from_the_keyboard(page: Page, server: WebServer) -> None:
    page.goto(server.address)
    page.keyboard.press("/")
    page.keyboard.type("first 17")
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator(".words mark").first).to_have_text("first")
    page.locator(".row a").first.click()
    expect(page.locator(".line mark").first).to_have_text("first")


def test_similar_readings_are_listed_once_whatever_changes(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    for read in ("gazett3er", "gazettcer"):
        database.add_text(f"{read}.png", read)
    database.fold()
    page.goto(f"{server.address}/?q=gazetteer")
    similar = page.locator(".similar .row")
    expect(similar).to_have_count(2)
    database.add_text("gazetteen.png", "gazetteen")
    database.fold()
    expect(similar).to_have_count(3)


def test_hostile_text_does_not_run(page: Page, server: WebServer, database: DemoDatabase) -> None:
    image_id = database.add_text(HOSTILE, HOSTILE)
    for path in ("/", f"/images/{image_id}", "/?q=script", f"/images/{image_id}?q=img"):
        page.goto(server.address + path)
        expect(page.get_by_text("onerror").first).to_be_attached()
        assert page.evaluate("window.hit") is None


def test_everything_is_readable_without_scripts(browser: Browser, server: WebServer) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.address)
    expect(page.locator(".row").first).to_be_visible()
    page.goto(f"{server.address}/images/1")
    expect(page.locator(".line").nth(1)).to_contain_text("second")
    page.locator("#p1-box-2").click(force=True)
    assert page.url.endswith("#p1-line-2")
    context.close()


def test_the_waiting_page_heals_itself(page: Page, tmp_path: Path) -> None:
    with WebServer(tmp_path) as server:
        page.goto(server.address)
        expect(page.locator("h1")).to_have_text("One moment")
        with DemoDatabase(tmp_path) as database:
            database.add_text("now.png", "here I am")
            expect(page.locator(".row")).to_contain_text("here I am")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_sticks_out(
    page: Page, server: WebServer, database: DemoDatabase, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    warned_id = database.add_warned(f"{width}.png", "A-word-without-an-end" * 20)
    for path in ("/", "/images/1", "/?q=first", "/nothing", "/?state=warnings",
                 f"/images/{warned_id}"):  # fmt: skip
        page.goto(server.address + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_facets_stand_beside_the_list_and_narrow_it(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    database.add_image("facet box/one.png", status="ignored", found_at="2019-05-01T00:00:00.000Z")
    page.goto(server.address)
    box = page.locator("#facets a", has_text="facet box")
    expect(box).to_be_visible()
    side, rows = page.locator("#facets").bounding_box(), page.locator("#rows").bounding_box()
    assert side is not None and rows is not None
    assert side["x"] + side["width"] <= rows["x"]
    box.click()
    expect(page.locator("#q")).to_have_value('folder:"/facet box"')
    expect(page.locator("#rows .row")).to_have_count(1)


def test_on_a_phone_facets_are_folded_until_they_are_wanted(page: Page, server: WebServer) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{server.address}/?q=second")
    expect(page.locator("#rows")).to_be_visible()
    expect(page.locator(".facets-inside")).to_be_hidden()
    expect(page.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=0.95)  # the last of a row
    assert not [url for url in asked if "facets?" in url], "nothing is counted for nobody"
    page.locator("#facets > summary").click()
    expect(page.locator(".facet-facts")).to_contain_text("images")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_facets_of_a_list_that_moves_keep_what_is_unfolded(
    page: Page, server: WebServer, database: DemoDatabase
) -> None:
    page.goto(server.address)
    expect(page.locator(".facet-facts")).to_be_visible()
    before = page.locator(".facet-facts b").inner_text()
    page.evaluate("shownAt = 1")  # a while ago
    database.add_text("facets move.png", "x")
    expect(page.locator(".facet-facts b")).not_to_have_text(before)
