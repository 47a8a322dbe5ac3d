"""What is in the images: one service each and what it needs, nothing to work with for others."""

import io
import json
import os
import re
import subprocess
import tarfile

import pytest
from containers import OCR_IMAGE, ROOT, WEB_IMAGE, docker_output

MB = 1_000_000
IMAGES = {"ocr": OCR_IMAGE, "web": WEB_IMAGE}
LARGEST_BYTES = {"ocr": 480 * MB, "web": 55 * MB}
APP = "opt/app/"


def listing(image: str) -> dict[str, tarfile.TarInfo]:
    """Every file of the image's file system, as a container would see it."""
    container = docker_output("create", "--network=none", image)
    try:
        exported = subprocess.run(
            ["docker", "export", container], capture_output=True, check=True, timeout=300
        ).stdout
    finally:
        docker_output("rm", container)
    with tarfile.open(fileobj=io.BytesIO(exported)) as archive:
        return {member.name.removeprefix("./"): member for member in archive}


@pytest.fixture(scope="module")
def files() -> dict[str, dict[str, tarfile.TarInfo]]:
    return {name: listing(image) for name, image in IMAGES.items()}


@pytest.mark.parametrize("name", IMAGES)
def test_it_is_small(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    size = int(docker_output("image", "inspect", "--format={{.Size}}", IMAGES[name]))
    with capsys.disabled():
        print(f"\n{name} image: {size / MB:.0f} MB of at most {LARGEST_BYTES[name] / MB:.0f} MB")
    assert size <= LARGEST_BYTES[name]


@pytest.mark.parametrize(("name", "code"), [("ocr", "ocr"), ("web", "flask")])
def test_it_holds_its_own_service_and_the_contract(
    files: dict[str, dict[str, tarfile.TarInfo]], name: str, code: str
) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", code, "contract"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    names = ((path, path.rpartition("/")[2]) for path in tracked)
    expected = {path for path, file in names if not file.startswith(("Dockerfile", "requirements"))}
    found = {
        path.removeprefix(APP)
        for path, member in files[name].items()
        if path.startswith(APP) and member.isfile() and not path.endswith(".pyc")
    }
    assert found == expected


@pytest.mark.parametrize("name", IMAGES)
def test_nothing_that_only_a_build_or_an_intruder_needs(
    files: dict[str, dict[str, tarfile.TarInfo]], name: str
) -> None:
    unwanted = re.compile(
        r"(^|/)bin/(ba|da|z)?sh$|bin/(busybox|perl|gcc|cc|ld|apt|apt-get|dpkg|curl|wget|nc|tar|su|mount)$"
        r"|/pip/|/pip-|\.whl$|^build/|^root/.|/\.cache/|/ensurepip/|/pytest/|^var/lib/apt/lists/.+/"
        r"|site-packages/(pandas|numpy)/tests/"
    )
    assert [path for path in files[name] if unwanted.search(path)] == []


@pytest.mark.parametrize("name", IMAGES)
def test_nothing_shows_windows_fetches_models_or_reports_home(
    files: dict[str, dict[str, tarfile.TarInfo]], name: str
) -> None:
    """It reads with OpenVINO on a processor, without a network, and has commands for nobody."""
    unwanted = re.compile(
        r"/lib(X11|xcb|GL|GLX|GLdispatch|EGL|Qt5\w*|glib-2\.0|gtk\S*)[-.]|share/X11/"
        r"|site-packages/(modelscope|huggingface_hub|aistudio_sdk|openvino_telemetry|requests)/"
        r"|site-packages/(paddleocr|paddlex|onnxruntime|pandas|aiohttp)/"
        r"|libopenvino_intel_[gn]pu_plugin"
    )
    linked = re.compile(r"/pillow\.libs/libxcb-")  # Pillow's own, for pictures of the screen
    assert [p for p in files[name] if unwanted.search(p) and not linked.search(p)] == []
    commands = {path.rpartition("/")[2] for path in files[name] if path.startswith("opt/venv/bin/")}
    assert commands - {""} <= {"python", "python3", "python3.13", "gunicorn"}


@pytest.mark.parametrize("name", IMAGES)
def test_every_library_finds_what_it_links(name: str) -> None:
    """The base brings just what the wheels need."""
    program = (
        "import os, pathlib, subprocess\n"
        "loader = next(p for p in pathlib.Path('/').glob('lib*/ld-linux-*'))\n"
        "found = 0\n"
        "for path in (p for top in ('/usr', '/opt') for p in pathlib.Path(top).rglob('*')):\n"
        "    if path.is_file() and not path.is_symlink():\n"
        "        with path.open('rb') as stream:\n"
        "            elf = stream.read(4) == b'\\x7fELF'\n"
        "        if elf:\n"
        "            found += 1\n"
        "            listed = subprocess.run([loader, '--list', path], capture_output=True,\n"
        "                text=True).stdout\n"
        "            [print(path, l) for l in listed.splitlines() if 'not found' in l]\n"
        "print(found > 50)\n"
    )
    said = docker_output("run", "--rm", "--network=none", IMAGES[name], "python", "-c", program)
    assert said == "True"


@pytest.mark.parametrize("name", IMAGES)
def test_nothing_gives_rights(files: dict[str, dict[str, tarfile.TarInfo]], name: str) -> None:
    """No set-user-id file; nothing but /tmp and its like that everybody may write."""
    members = files[name].items()
    assert [path for path, member in members if member.mode & 0o6000 and member.isfile()] == []
    writable = {
        path.rstrip("/")
        for path, member in members
        if member.mode & 0o002 and not member.issym() and not path.startswith("dev/")
    }
    assert writable <= {"tmp", "var/tmp", "var/lock"}
    unreadable = [p for p, m in members if p.startswith("opt/") and not m.mode & 0o004]
    assert unreadable == []


@pytest.mark.parametrize("name", IMAGES)
def test_every_module_is_compiled_already(
    files: dict[str, dict[str, tarfile.TarInfo]], name: str
) -> None:
    """In a read-only container nobody could keep the result."""
    sources = [p for p in files[name] if p.startswith(APP) and p.endswith(".py")]
    compiled = {p for p in files[name] if p.endswith(".pyc")}
    assert sources
    for source in sources:
        folder, _, module = source.rpartition("/")
        if module != "gunicorn.conf.py":
            assert any(p.startswith(f"{folder}/__pycache__/{module[:-3]}.") for p in compiled)


@pytest.mark.parametrize(("name", "user"), [("ocr", "10001:10001"), ("web", "10002:10001")])
def test_nobody_is_root_even_without_compose(name: str, user: str) -> None:
    (image,) = json.loads(docker_output("image", "inspect", IMAGES[name]))
    assert image["Config"]["User"] == user


def test_the_classic_builder_builds_it_too() -> None:
    """An old engine may have no BuildKit. Both files have the same steps; this one is quick."""
    tag = "ocr_docker/classic_web:test"
    try:
        built = subprocess.run(
            ["docker", "build", "--network", "none", "--tag", tag, "--file",
             "flask/Dockerfile", "."],
            cwd=ROOT, env={**os.environ, "DOCKER_BUILDKIT": "0"}, capture_output=True, text=True,
            timeout=600, check=False,
        )  # fmt: skip
        assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
        assert "Successfully tagged" in built.stdout, "this was not the classic builder"
    finally:
        subprocess.run(["docker", "rmi", "--force", tag], capture_output=True, check=False)
