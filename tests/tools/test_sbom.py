"""The list of parts: right by CycloneDX's own schema, and everything that it says it lists."""

import email
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import stand_in_bundle
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import sbom
from bundle_images import SERVICES, Edition
from project import ROOT


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The list in a bundle of stand-ins."""
    edition = Edition("1.2.3", "cpu", "arm64")
    made = stand_in_bundle.make(tmp_path, edition, monkeypatch)
    text = (made / "sbom.cdx.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    return dict(json.loads(text))


def by_reference(parts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {part["bom-ref"]: part for part in parts["components"]}


def test_the_schema_is_really_asked() -> None:
    wrong = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{}]})
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(wrong) is not None


def test_each_wheel_with_its_sum_and_licence(parts: dict[str, Any], tmp_path: Path) -> None:
    wheel = tmp_path / "parts" / "arm64" / "ocr_service" / "lib_ocr-1.0-py3-none-any.whl"
    part = by_reference(parts)["pkg:pypi/lib-ocr@1.0"]
    assert part["hashes"] == [
        {"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}
    ]
    assert part["licenses"] == [{"expression": "MIT"}]


def test_each_debian_package_with_its_version_and_licence(parts: dict[str, Any]) -> None:
    part = by_reference(parts)["pkg:deb/debian/libone1@1:2.0%2Bdfsg-1?arch=arm64&distro=trixie"]
    assert (part["name"], part["version"]) == ("libone1", "1:2.0+dfsg-1")
    assert part["licenses"] == [{"license": {"name": "Expat"}}]


def test_each_file_of_each_model_with_its_pinned_sum(parts: dict[str, Any]) -> None:
    pins = json.loads((ROOT / "ocr" / "model_pins.json").read_text(encoding="utf-8"))["models"]
    listed = {
        part["name"]: {file["name"]: file["hashes"][0]["content"] for file in part["components"]}
        for part in parts["components"]
        if part["type"] == "machine-learning-model"
    }
    assert listed == {
        name: {file: pin["sha256"] for file, pin in entry["files"].items()}
        for name, entry in pins.items()
    }


def test_which_image_needs_what(parts: dict[str, Any]) -> None:
    needed = {entry["ref"]: entry["dependsOn"] for entry in parts["dependencies"]}
    images = [f"image:ocr_docker/{name}:1.2.3-cpu-arm64" for name in SERVICES]
    assert set(images) < set(needed["ocr_docker-1.2.3-cpu-arm64"])
    for image, own, other in zip(images, ("ocr", "web"), ("web", "ocr"), strict=True):
        assert f"pkg:pypi/lib-{own}@1.0" in needed[image]
        assert f"pkg:pypi/lib-{other}@1.0" not in needed[image]
        assert any(reference.startswith("pkg:deb/debian/libone1@") for reference in needed[image])
    known = {*by_reference(parts), parts["metadata"]["component"]["bom-ref"]}
    assert {*needed, *(part for listed in needed.values() for part in listed)} <= known


def test_the_same_parts_have_the_same_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1735689600")
    texts = set()
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        made = stand_in_bundle.make(tmp_path / folder, Edition("1"), monkeypatch)
        texts.add((made / "sbom.cdx.json").read_text())
    (text,) = texts
    assert json.loads(text)["metadata"]["timestamp"] == "2025-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("metadata", "licences"),
    [
        ("License-Expression: MIT AND 0BSD\n", "MIT AND 0BSD"),
        ("License: MIT\n", ["MIT"]),
        ("License: MIT\nClassifier: License :: OSI Approved :: MIT License\n", ["MIT License"]),
        ("Classifier: License :: OSI Approved\nLicense: Zlib\n", ["Zlib"]),
        ("License: Permission is hereby granted\n        to any person\n", []),
        (f"License: {'Permission is granted. ' * 9}\n", []),
        ("Classifier: Topic :: Text Processing\n", []),
    ],
)
def test_what_a_wheel_says_of_its_licence(metadata: str, licences: object) -> None:
    assert sbom.wheel_licences(email.message_from_string(metadata + "\n")) == licences


def test_a_copyright_in_prose_names_no_licence() -> None:
    assert sbom.copyright_licences("This is free.\nLicense: Redistribution and use in\n") == []
    twice = "Format: https://x/1.0/\n\nFiles: *\nLicense: Expat\n\nFiles: a\nLicense: Expat\n"
    assert sbom.copyright_licences(twice) == ["Expat"]


def test_the_page_uses_no_library_of_others() -> None:
    """As the list says. A foreign one comes minified or with its own licence; then list it."""
    files = [path for path in (ROOT / "flask" / "static").rglob("*") if path.is_file()]
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not path.name.endswith((".min.js", ".min.css")), path
        assert "@license" not in text, path
        assert "Copyright" not in text, path
        assert max(map(len, text.splitlines())) < 1000, path
