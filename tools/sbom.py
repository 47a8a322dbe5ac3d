"""The list of parts of a bundle, in CycloneDX 1.6 (JSON): `sbom.cdx.json`.

What it names, and where that is known from:

    the two images       their digest; what each depends on
    Python packages      the wheels in vendor/wheels/, each with its SHA-256 and its own metadata
    Debian packages      the package states that base.tar carries
    models               ocr/model_pins.json, each file with its SHA-256

The page uses no library of others: flask/static/ is this project's own.
"""

import dataclasses
import datetime
import email.message
import hashlib
import json
import os
import re
import tarfile
import urllib.parse
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

SPECIFICATION = "1.6"
_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
_STATES = re.compile(r"^(?:\./)?var/lib/dpkg/status\.d/[^/]+$")
_COPYRIGHT = re.compile(r"^(?:\./)?usr/share/doc/([^/]+)/copyright$")
_LICENCE_LINE = re.compile(r"^License:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_LONGEST_LICENCE_NAME = 60
"""Some wheels put the whole text where the name belongs."""

Component = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Image:
    """One of the bundle's images, and what it was built from."""

    name: str
    digest: str
    """As `docker image inspect` says it: sha256:…"""
    wheels: Path
    more_wheels: tuple[Path, ...] = ()
    """Folders that may be missing."""


@dataclasses.dataclass(frozen=True, slots=True)
class Base:
    """What both images stand on."""

    archive: Path
    suite: str
    """Debian's name for it, e.g. trixie."""


def bill(
    version: str, name: str, images: Sequence[Image], base: Base, models: Mapping[str, Any]
) -> str:
    """The list of parts of the bundle `name`, as JSON; `models` is model_pins.json."""
    system = list(debian_packages(base))
    pinned = [model(title, entry) for title, entry in sorted(models["models"].items())]
    components: dict[str, Component] = {part["bom-ref"]: part for part in (*system, *pinned)}
    needed = {name: [f"image:{image.name}" for image in images] + _references(pinned)}
    for image in images:
        folders = (image.wheels, *image.more_wheels)
        wheels = [wheel(path) for folder in folders for path in sorted(folder.glob("*.whl"))]
        components |= {part["bom-ref"]: part for part in wheels}
        reference = f"image:{image.name}"
        components[reference] = {
            "type": "container", "bom-ref": reference, "name": image.name, "version": version,
            "hashes": [_sha256(image.digest.removeprefix("sha256:"))],
        }  # fmt: skip
        needed[reference] = _references(system) + _references(wheels)
    listed = [components[reference] for reference in sorted(components)]
    content = json.dumps([name, listed], sort_keys=True)
    return json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": SPECIFICATION,
            "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}",
            "version": 1,
            "metadata": {
                "timestamp": _now(),
                "component": {
                    "type": "application", "bom-ref": name, "name": "ocr_docker",
                    "version": version,
                    "properties": [{"name": "ocr_docker:bundle", "value": name}],
                },
            },
            "components": listed,
            "dependencies": [
                {"ref": reference, "dependsOn": sorted(set(parts))}
                for reference, parts in sorted(needed.items())
            ],
        },
        indent=1,
        ensure_ascii=False,
    )  # fmt: skip


def wheel(path: Path) -> Component:
    """A wheel by its own metadata."""
    with zipfile.ZipFile(path) as archive:
        (metadata,) = (
            entry
            for entry in archive.namelist()
            if re.fullmatch(r"[^/]+\.dist-info/METADATA", entry)
        )
        fields = email.message_from_bytes(archive.read(metadata))
    name, version = str(fields["Name"]), str(fields["Version"])
    project = re.sub(r"[-_.]+", "-", name).lower()
    purl = f"pkg:pypi/{project}@{_quoted(version)}"
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
        "hashes": [_sha256(digest)],
        **_licences(wheel_licences(fields)),
    }  # fmt: skip


def wheel_licences(fields: "email.message.Message") -> list[str] | str:
    """What a wheel says: one expression as text, or a list of names; empty when it says nothing."""
    if expression := fields["License-Expression"]:
        return str(expression)
    named = [
        str(line).rpartition(" :: ")[2]
        for line in fields.get_all("Classifier", [])
        if str(line).startswith("License :: ") and not str(line).endswith("OSI Approved")
    ]
    short = str(fields["License"] or "").strip()
    if not named and short and len(short) <= _LONGEST_LICENCE_NAME and "\n" not in short:
        named = [short]
    return named


def debian_packages(base: Base) -> Iterator[Component]:
    """Every Debian package of the base, by name, with the licences that its copyright names."""
    states: list[email.message.Message] = []
    copyrights: dict[str, str] = {}
    with tarfile.open(base.archive) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is None:
                continue
            if _STATES.match(member.name):
                states.append(email.message_from_bytes(stream.read()))
            elif found := _COPYRIGHT.match(member.name):
                copyrights[found[1]] = stream.read().decode("utf-8", "replace")
    for state in sorted(states, key=lambda state: str(state["Package"])):
        name, version = str(state["Package"]), str(state["Version"])
        qualifiers = f"arch={state['Architecture']}&distro={base.suite}"
        purl = f"pkg:deb/debian/{_quoted(name)}@{_quoted(version)}?{qualifiers}"
        yield {
            "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
            **_licences(copyright_licences(copyrights.get(name, ""))),
        }  # fmt: skip


def copyright_licences(text: str) -> list[str]:
    """The licences that a copyright file names; none where it is prose for people."""
    if not text.startswith("Format:"):
        return []
    return list(dict.fromkeys(_LICENCE_LINE.findall(text)))


def model(name: str, entry: Mapping[str, Any]) -> Component:
    """A provided model and its files."""
    return {
        "type": "machine-learning-model", "bom-ref": f"model:{name}", "name": name,
        **_licences([entry["licence"]]),
        "components": [
            {
                "type": "file", "bom-ref": f"model:{name}/{file}", "name": file,
                "hashes": [_sha256(pin["sha256"])],
            }
            for file, pin in sorted(entry["files"].items())
        ],
    }  # fmt: skip


def _references(parts: Sequence[Component]) -> list[str]:
    return [part["bom-ref"] for part in parts]


def _sha256(digest: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": digest}


def _licences(names: list[str] | str) -> dict[str, Any]:
    if isinstance(names, str):
        return {"licenses": [{"expression": names}]}
    return {"licenses": [{"license": {"name": name}} for name in names]} if names else {}


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe=":~")


def _now() -> str:
    chosen = os.environ.get("SOURCE_DATE_EPOCH")
    moment = (
        datetime.datetime.fromtimestamp(int(chosen), datetime.UTC)
        if chosen
        else datetime.datetime.now(datetime.UTC)
    )
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
