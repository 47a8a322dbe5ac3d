"""The folder of images: what lies in it, what of that is finished, new, changed or gone.

Runs in the service, in the watcher's thread. It only ever looks: files are never changed. What it
finds is written through `records`, the one room that it may import; no image is decoded here, only
hashed, and every open goes through `source_files`.
"""
