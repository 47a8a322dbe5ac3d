"""The models on a device: which engine, how its networks run, what goes in and what comes out.

Runs in the worker only, and its libraries are loaded only when they are chosen. It answers the
questions of `text_models`, and of `decoding` it takes the type of pixels; what a page is it does
not know.
"""
