"""The search over every text and file name, as web_service and ocrctl both ask it.

`language` turns what was typed into a tree (`tree`), `matching` says what a tree means, `evaluator`
finds the images that it means, newest first, through the indexes of the database.
"""
