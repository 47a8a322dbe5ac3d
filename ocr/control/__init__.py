"""The control socket: what can be asked of the service, how, and the answers.

Runs in the service, in the server's thread. An endpoint asks the parts that do the work, so this
room may import `folder`, `records`, `safekeeping` and `worker_link`; none of them knows of it.
"""
