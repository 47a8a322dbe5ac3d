"""Doubt on the page: three bands, reasons, other readings, in the list, the image and the API."""

import csv
import io

import pytest
from demo_data import DemoDatabase
from flask.testing import FlaskClient

from ocr_contract.doubt import DOUBTFUL, LOOK_AT


@pytest.fixture(name="image_id")
def doubtful_image(database: DemoDatabase) -> int:
    image_id = database.add_text("receipt.png", "Thank you\nTota1 12 50\nВсего\nSubtotal")
    for number, (doubt, reason, alternatives, model) in enumerate(
        [
            (0.001, None, None, None),
            (DOUBTFUL, "lost_point", '[[0,5,"Total","<Tota>"],[8,9,"."]]', None),
            (1, "other_script", None, None),
            (LOOK_AT, "a_reason_of_tomorrow", "no JSON", "tesseract rus 5.3"),
        ],
        1,
    ):
        database.execute(
            "UPDATE lines SET measured_doubt = ?, doubt_reason = ?, alternatives = ?, model = ? "
            "WHERE number = ?",
            (doubt, reason, alternatives, model, number),
        )
    database.execute("UPDATE pages SET unspelled_count = 1")
    return image_id


def test_lines_stand_in_three_bands_with_their_reasons(client: FlaskClient, image_id: int) -> None:
    page = client.get(f"/images/{image_id}").text
    for number, band in enumerate(("sure", "doubtful", "doubtful", "check"), 1):
        assert f'id="p1-line-{number}" class="line {band}"' in page
        assert f'id="p1-box-{number}" class="box {band}"' in page
    assert "A point or comma of the number may be missing." in page
    assert "Its letters belong to a script that is not set up." in page
    assert "Read by tesseract rus 5.3" in page
    assert "2 doubtful lines" in page
    assert "&gt; 99 %" in page and ">100 %<span" not in page, "no chance is certain"
    assert "1 in a script that is not set up" in page


def test_other_readings_are_plain_text_without_a_script(client: FlaskClient, image_id: int) -> None:
    page = client.get(f"/images/{image_id}").text
    assert 'data-start="0" data-end="5" data-reading="Total">Total</bdi>' in page
    assert "&lt;Tota&gt;" in page and "<Tota>" not in page


def test_the_list_and_the_hits_tell_how_many_lines_are_doubtful(
    client: FlaskClient, database: DemoDatabase, image_id: int
) -> None:
    database.add_text("clear.png", "Subtotal")
    database.execute("UPDATE lines SET measured_doubt = 0 WHERE page_id > 1")
    database.fold()
    for address in ("/?state=all", "/?q=subtotal"):
        page = client.get(address).text
        assert '<span class="doubt doubtful" title="Mean confidence 95 %">2 doubtful lines' in page
        assert '<span class="count" title="Mean confidence 95 %">no doubtful line' in page, (
            "no praise"
        )


def test_the_image_says_how_many_lines_are_to_be_checked(
    client: FlaskClient, database: DemoDatabase
) -> None:
    """ "no doubtful line" stood there in green above fourteen orange lines of forty."""
    image_id = database.add_text("check.png", "one\ntwo\nthree")
    for doubt, said in ((0.3, "3 to check"), (0.0, "no doubtful line")):
        database.execute("UPDATE lines SET measured_doubt = ?", (doubt,))
        head = client.get(f"/images/{image_id}").text.split("</header>")[1]
        assert said in head and ("no doubtful line" in head) == (doubt == 0.0)


def test_what_a_person_corrected_is_doubtful_no_more(
    client: FlaskClient, database: DemoDatabase, image_id: int
) -> None:
    database.execute(
        "INSERT INTO corrections (line_id, text, created_at) VALUES (2, 'Total 12.50', 'now')"
    )
    page = client.get(f"/images/{image_id}").text
    assert 'id="p1-line-2" class="line sure"' in page
    assert "may be missing" not in page and "data-reading" not in page
    assert "1 doubtful line" in page


def test_a_count_that_is_kept_is_not_made_again(
    client: FlaskClient, database: DemoDatabase, image_id: int
) -> None:
    database.execute("UPDATE pages SET doubtful_count = 33")
    assert "33 doubtful lines" in client.get(f"/images/{image_id}").text


def test_the_api_and_the_exports_carry_doubt(client: FlaskClient, image_id: int) -> None:
    value = client.get(f"/api/v1/images/{image_id}").get_json()
    assert (value["doubtful_count"], value["unspelled_count"]) == (2, 1)
    assert value["pages"][0]["lines"][0]["band"] == "sure"
    for address in (f"/api/v1/images/{image_id}", f"/images/{image_id}.json"):
        first, second, third, fourth = client.get(address).get_json()["pages"][0]["lines"]
        assert (first["doubt"], first["doubt_reason"]) == (0.001, None)
        assert second["alternatives"] == [[0, 5, "Total", "<Tota>"], [8, 9, "."]]
        assert (third["doubt"], third["doubt_reason"]) == (1, "other_script")
        assert (fourth["alternatives"], fourth["model"]) == ([], "tesseract rus 5.3")
    (row,) = csv.DictReader(io.StringIO(client.get("/export.csv").text.lstrip("\ufeff")))
    assert row["doubtful_lines"] == "2"
