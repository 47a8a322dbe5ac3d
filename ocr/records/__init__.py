"""The database and what each table's rows may become: files, queue, results, corrections.

Runs in the service, the only process that writes. It imports no other room: what it stores are the
records of `page_records`, whoever made them.
"""
