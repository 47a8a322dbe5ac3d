"""Between the service and its worker process: the pool, the wire, the worker's log.

The service's side is `pool` and `stderr_lines`, the worker's is `worker_log`; both speak through
`worker_channel` and `worker_protocol`. Standard library only, and no other room: it never sees a
picture, and nothing that the worker sends is trusted.
"""
