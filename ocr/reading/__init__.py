"""From a page's pixels to its lines: found, turned upright, cut out, read, put in order, pictured.

Runs in the worker only. It asks the models through `engines.text_models` and may import
`engines` and `decoding` (for the type of pixels).
"""
