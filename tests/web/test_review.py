"""The review: which lines it shows, what an answer is, and how sure its error rate is."""

import re

import pytest
from demo_data import DemoDatabase
from fake_reader import FakeReader
from flask.testing import FlaskClient

import error_rate
import review_queries
from ocr_contract.doubt import DOUBTFUL
from ocr_contract.schema import open_reader


def add_lines(database: DemoDatabase, name: str, *confidences: float) -> int:
    image_id = database.add_image(name)
    lines = [(f"{name} {c}", c, [[10, 30 * n], [90, 30 * n], [90, 30 * n + 20], [10, 30 * n + 20]])
             for n, c in enumerate(confidences)]  # fmt: skip
    database.add_page(image_id, lines, preview=None)
    return image_id


def shown(client: FlaskClient, address: str) -> list[str]:
    return re.findall(r'data-shown="([^"]*)"', client.get(address).text)


def test_the_worst_come_first_and_what_was_looked_at_is_passed_over(
    client: FlaskClient, database: DemoDatabase
) -> None:
    add_lines(database, "a", 0.999, 0.8, 0.5)
    add_lines(database, "b", 0.7, 0.93)
    assert shown(client, "/review") == ["b 0.7", "a 0.5", "a 0.8"]
    database.execute("INSERT INTO reviews VALUES (4, 0, 0, '')")
    database.execute("INSERT INTO corrections (line_id, text, created_at) VALUES (2, 'x', '')")
    assert shown(client, "/review") == ["a 0.5"]
    page = client.get("/review").text
    assert '<span id="left">1</span> left' in page
    key = re.search(r'data-key="([^"]*)"', page)
    assert key is not None and shown(client, f"/review?after={key[1]}") == []
    for forged in ("x", "nan-1", "0.5-", "0.5-99999999999999999999", "0.5--1", "0.5-٣"):
        assert client.get(f"/review?after={forged}").status_code == 400, forged
    assert client.get("/review?after=1e-05-3").status_code == 200
    gone = client.get("/review?image=99")
    assert gone.status_code == 404 and "There is no image number 99." in gone.text


def test_of_many_hits_it_says_how_many_it_looks_through(
    client: FlaskClient, database: DemoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_queries, "MOST_HITS", 2)
    for name in ("needle 1", "needle 2"):
        add_lines(database, name, 0.5)
    assert "newest" not in client.get("/review?q=needle").text
    add_lines(database, "needle 3", 0.5)
    for address in ("/review?q=needle", "/review?q=needle&sample=1"):
        assert "Only those of the newest 2 hits." in client.get(address).text


def test_of_a_search_or_an_image_only_their_lines_are_shown(
    client: FlaskClient, database: DemoDatabase
) -> None:
    first = add_lines(database, "first", 0.5)
    add_lines(database, "second", 0.5)
    copy = database.add_image("copy", duplicate_of=first)
    database.fold()
    assert shown(client, "/review?q=first") == ["first 0.5"]
    for image_id in (first, copy):
        assert shown(client, f"/review?image={image_id}") == ["first 0.5"]
    assert shown(client, "/review?q=nowhere") == []
    assert client.get("/review?image=x").status_code == 400


def test_a_sample_is_drawn_once_from_all_lines(client: FlaskClient, database: DemoDatabase) -> None:
    add_lines(database, "a", 0.999, 0.998)
    add_lines(database, "b", 0.5)
    database.fold()
    drawn = set(shown(client, "/review?sample=1"))
    assert drawn == {"a 0.999", "a 0.998", "b 0.5"}  # three of three, in 480 tries
    assert set(shown(client, "/review?sample=1&q=a")) <= drawn - {"b 0.5"}
    database.execute("INSERT INTO reviews VALUES (1, 0, 1, ''), (3, 1, 0, '')")
    assert set(shown(client, "/review?sample=1")) == {"a 0.998", "b 0.5"}


def test_the_index_finds_the_worst(database: DemoDatabase) -> None:
    """SQLite uses a partial index only where the query says its condition."""
    assert review_queries._INDEXED_FROM <= DOUBTFUL
    asked: list[str] = []
    connection = open_reader(database.path)
    connection.set_trace_callback(asked.append)
    review_queries.worst(connection, None, 8)
    review_queries.count_left(connection, None)
    connection.set_trace_callback(None)
    plans = [
        " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")) for sql in asked
    ]
    connection.close()
    assert len(plans) == 2
    for plan in plans:
        assert re.search(r"(SEARCH|SCAN) l USING (COVERING )?INDEX lines_doubtful", plan), plan
        assert "SCAN lines" not in plan


def test_an_answer_is_sent_with_its_verdict_and_comes_back_with_the_rate(
    client: FlaskClient, database: DemoDatabase
) -> None:
    image_id = add_lines(database, "a", 0.5, 0.6)
    database.execute("INSERT INTO reviews VALUES (2, 1, 1, '')")
    page = client.get("/review?sample=1").text
    assert "Of 1 line drawn at random 100.0 % was wrong, between 20.7 and 100.0 %." in page
    token = re.search(r'name="csrf_token" value="(\w+)"', page)
    assert token is not None
    address = f"/actions/images/{image_id}/lines/1?sample=1&q=a"
    fields = {"csrf_token": token[1], "text": "a 0.5", "review": "sample"}
    with FakeReader(database.data_folder) as reader:
        reply = client.post(address, data=fields, headers={"Accept": "application/json"})
        assert reply.json["rate"].startswith("Of 1 line drawn at random")
        reply = client.post(address, data=fields)
        assert reply.location == "/review?q=a&sample=1&notice=kept"
        assert {(body["text"], body["review"]) for _, body in reader.requests} == {(None, "sample")}
        undo = fields | {"review": "undo", "undo": "1", "kind": "sample"}
        reply = client.post(address, data=undo, headers={"Accept": "application/json"})
        assert reply.json["rate"].startswith("Of 1 line drawn at random")
        assert client.post(address, data=fields | {"review": "x"}).status_code == 400


@pytest.mark.parametrize(
    ("reviewed", "wrong", "low", "high"),
    [(240, 10, 2.28, 7.50), (10, 0, 0.0, 27.75), (10, 10, 72.25, 100.0), (0, 0, 0.0, 100.0)],
)
def test_the_interval_is_wilsons(reviewed: int, wrong: int, low: float, high: float) -> None:
    found = error_rate.ErrorRate(reviewed, wrong).interval
    assert [100 * each for each in found] == pytest.approx([low, high], abs=0.01)


def test_one_line_is_told_as_one() -> None:
    assert (
        error_rate.ErrorRate(1, 0)
        .sentence(is_sample=False)
        .startswith("Of 1 line that was doubtful and reviewed 0.0 % was wrong")
    )
    assert error_rate.ErrorRate(240, 10).sentence(is_sample=True) == (
        "Of 240 lines drawn at random 4.2 % were wrong, between 2.3 and 7.5 %."
    )


def test_a_line_is_drawn_from_the_picture_without_decoding_it(database: DemoDatabase) -> None:
    image_id = database.add_image("a")
    database.add_page(
        image_id, [("x", 0.5, [[100, 200], [300, 200], [300, 220], [100, 220]])], preview="a.jpg"
    )
    connection = open_reader(database.path)
    (line,) = review_queries.worst(connection, [image_id], 8)
    connection.close()
    assert line.crop == "86 186 228 48"
