"""From the bytes of an untrusted file to pixels.

Runs in the worker only: native decoders meet hostile bytes here. Imports no other room; `decode`
is the way in, and `pixels` names what comes out.
"""
