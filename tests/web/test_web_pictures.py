"""Pictures by number only, from their folder only, cached as long as they are the same."""

import os
import threading

import pytest
from demo_data import DemoDatabase
from flask.testing import FlaskClient


def with_preview(database: DemoDatabase, name: str) -> str:
    """The address of the preview of a new image whose row says `name`."""
    image_id = database.add_image(f"{database.now()}.png")
    database.add_page(image_id, [], preview=name, thumbnail=None)
    return f"/previews/{image_id}/1"


@pytest.mark.parametrize(
    ("name", "mimetype"),
    [("ab/x.jpg", "image/jpeg"), ("x.webp", "image/webp"), ("x.png", "image/png")],
)
def test_sent_as_it_is(
    client: FlaskClient, database: DemoDatabase, name: str, mimetype: str
) -> None:
    path = database.data_folder / "previews" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"picture")
    address = with_preview(database, name)
    reply = client.get(address)
    assert (reply.data, reply.mimetype) == (b"picture", mimetype)
    assert reply.headers["Cache-Control"] == "private, no-cache"
    again = client.get(address, headers={"If-None-Match": reply.headers["ETag"]})
    assert again.status_code == 304
    path.write_bytes(b"another")
    os.utime(path, ns=(1, 1))
    assert client.get(address).headers["ETag"] != reply.headers["ETag"]


def test_the_address_on_the_page_is_cached_for_good(
    client: FlaskClient, database: DemoDatabase
) -> None:
    (database.data_folder / "previews").mkdir()
    (database.data_folder / "previews" / "x.jpg").write_bytes(b"picture")
    address = with_preview(database, "x.jpg")
    page = client.get(address.replace("/previews/", "/images/").removesuffix("/1")).text
    versioned = page.split(f'src="{address}')[1].split('"')[0]
    assert "immutable" in client.get(address + versioned).headers["Cache-Control"]
    assert "immutable" not in client.get(address + "?v=0").headers["Cache-Control"]


@pytest.mark.parametrize(
    "name",
    ["../ocr_data.db", "../secret.jpg", "/etc/hostname", "link.jpg", "folder.jpg", "page.html",
     "none.jpg", "", "x\0.jpg", "loop.jpg", "out/secret.jpg", "."],
)  # fmt: skip
def test_nothing_else_leaves_the_folder(
    client: FlaskClient, database: DemoDatabase, name: str
) -> None:
    previews = database.data_folder / "previews"
    previews.mkdir()
    (database.data_folder / "secret.jpg").write_bytes(b"secret")
    (previews / "link.jpg").symlink_to(database.data_folder / "secret.jpg")
    (previews / "out").symlink_to(database.data_folder)
    (previews / "loop.jpg").symlink_to(previews / "loop.jpg")
    (previews / "folder.jpg").mkdir()
    (previews / "page.html").write_text("<script>")
    reply = client.get(with_preview(database, name))
    assert reply.status_code == 404
    assert "secret" not in reply.text


def test_a_pipe_is_no_picture(client: FlaskClient, database: DemoDatabase) -> None:
    """Opening it would wait for a writer, perhaps for ever."""
    previews = database.data_folder / "previews"
    previews.mkdir()
    os.mkfifo(previews / "pipe.jpg")
    # Lets a service that does open it go on, so that this test fails instead of hanging.
    writer = threading.Thread(target=(previews / "pipe.jpg").write_bytes, args=(b"",), daemon=True)
    writer.start()
    assert client.get(with_preview(database, "pipe.jpg")).status_code == 404
    (previews / "pipe.jpg").read_bytes()  # lets the writer go
    writer.join(5)


def test_latest_picture(client: FlaskClient, database: DemoDatabase) -> None:
    assert client.get("/temp.png").status_code == 404
    (database.data_folder / "temp.png").write_bytes(b"new")
    reply = client.get("/temp.png")
    assert (reply.data, reply.mimetype) == (b"new", "image/png")
    assert "no-cache" in reply.headers["Cache-Control"]
