"""Lines of scripts that the main models cannot spell, read by a second recogniser.

In the worker, and only where OCR_LANGUAGES names languages: nothing here is loaded without. It
imports the engines and the type of pixels, and knows nothing of pages.
"""
