"""Who takes too long as a whole loses the connection; who is in time does not."""

import socket

from deadlines import Deadlines


def test_only_the_overdue_are_cut() -> None:
    now = [100.0]
    limits = Deadlines(clock=lambda: now[0])
    pairs = [socket.socketpair() for _ in range(4)]
    slow, patient, done, gone = (ours for ours, _theirs in pairs)
    for connection in (slow, patient, done, gone):
        limits.allow(connection, 10)
    limits.allow(patient, 100)
    limits.done(done)
    gone.close()
    assert limits.cut_overdue() == 0
    now[0] += 11
    assert limits.cut_overdue() == 2
    assert pairs[0][1].recv(1) == b""
    for ours in (patient, done):
        ours.sendall(b"x")
    assert [theirs.recv(1) for _ours, theirs in pairs[1:3]] == [b"x", b"x"]
    assert limits.cut_overdue() == 0  # each once
    now[0] += 100
    assert limits.cut_overdue() == 1
    for ours, theirs in pairs:
        ours.close()
        theirs.close()
