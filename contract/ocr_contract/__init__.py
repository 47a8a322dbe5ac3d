"""What ocr_service and web_service agree on: the database and the socket.

Standard library only, so that either side can be replaced without the other.
"""
