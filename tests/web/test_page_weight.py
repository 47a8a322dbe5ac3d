"""A page of 300 lines is light: what a browser fetches for it, pictures aside."""

import re
import string

from demo_data import DemoDatabase, Line
from flask.testing import FlaskClient

MOST_BYTES = 150_000
LINES = 300
WORDS = 7


def dense_page(database: DemoDatabase) -> int:
    """An image of 300 lines of seven words, a third of them doubtful with other readings. The
    words are made of a running number: they repeat each other less than a language does."""

    def word(number: int) -> str:
        letters = string.ascii_lowercase
        return "".join(letters[(number * step + 7 * step) % 26] for step in (1, 3, 7, 11, 17, 23))

    lines: list[Line] = []
    for number in range(LINES):
        x, y = 60 + 500 * (number // 100), 60 + 22 * (number % 100)
        text = " ".join(word(number * WORDS + each) for each in range(WORDS))
        lines.append((text, 0.8 + number % 20 / 100, [[x, y], [x + 470, y + 1], [x + 470, y + 19],
                                                      [x, y + 18]]))  # fmt: skip
    image_id = database.add_image("dense.png")
    database.add_page(image_id, lines, width=1654, height=2339, preview="dense.jpg")
    database.execute(
        "UPDATE lines SET doubt_reason = 'lost_point', "
        """alternatives = '[[0,4,"rn","m","l"],[8,9,"."]]' WHERE number % 3 = 0"""
    )
    database.execute(
        "UPDATE lines SET words = ?",
        (str([edge for each in range(WORDS) for edge in (each * 143, each * 143 + 120)]),),
    )
    return image_id


def fetched(client: FlaskClient, address: str) -> dict[str, int]:
    """What a browser asks for, and how many bytes come: the page, its sheet, every script."""
    headers = {"Accept-Encoding": "gzip"}
    sizes: dict[str, int] = {}
    asked = [address]
    while asked:
        path = asked.pop()
        if path in sizes:
            continue
        reply = client.get(path, headers=headers)
        assert reply.status_code == 200, path
        sizes[path] = len(reply.data)
        text = client.get(path).text
        if path.endswith(".js"):
            asked += [
                f"/static/{name}" for name in re.findall(r'(?:from|import) "\./(\w+\.js)"', text)
            ]
        elif path == address:
            asked += re.findall(r'(?:src|href)="(/static/[\w.]+\.(?:js|css|svg))"', text)
    return sizes


def test_a_page_of_300_lines_is_light(client: FlaskClient, database: DemoDatabase) -> None:
    sizes = fetched(client, f"/images/{dense_page(database)}?q=abc")
    assert {"/static/style.css", "/static/image.js", "/static/zoom.js", "/static/drafts.js"} <= set(
        sizes
    )
    assert sum(sizes.values()) < MOST_BYTES, sizes
