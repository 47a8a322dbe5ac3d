"""The key that signs form tokens and sessions: random, made at the start, only ever in memory.

Gunicorn's main process imports this before it forks, so a worker that is started anew has the
same key, and nobody has to log in again because of it.
"""

import secrets

KEY = secrets.token_bytes(32)
