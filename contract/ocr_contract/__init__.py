"""What ocr_service and web_service agree on: the database and the socket.

Standard library only, so that either side can be replaced without the other.
"""

VERSION = "0.1.0"
"""Of the whole product: the services say it, the client's bundle is named after it."""
