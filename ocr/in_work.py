"""What the pipelines of all workers share: what is in work, and the orders that it is read for.

What may end a worker or the service is read while nobody reads anything else, whichever worker it
is given to; and an order for ten images is over after ten, whoever reads them.
"""

import threading
from collections.abc import Callable

from records.store import Claim


class InWork:
    """The batches that the workers have, together. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._claims: dict[int, Claim] = {}
        self._wakes: list[Callable[[], None]] = []
        self.orders: list[Order] = []
        """Only within `claim`, which holds the lock."""

    def join(self, wake: Callable[[], None]) -> None:
        """One more pipeline; `wake` lets it look for work."""
        self._wakes.append(wake)

    def wake(self) -> None:
        """There may be work for anybody."""
        for wake in self._wakes:
            wake()

    @property
    def has_orders(self) -> bool:
        """Whether there is an order that is not over."""
        with self._lock:
            return bool(self.orders)

    def add_order(self, order: "Order") -> None:
        """To be carried out after those that there are."""
        with self._lock:
            self.orders.append(order)

    def claim(self, take: Callable[[bool], Claim | None]) -> Claim | None:
        """What `take` claims, who is told whether nothing at all is in work; None while a suspect
        is, which is read alone."""
        with self._lock:
            if any(claim.suspect for claim in self._claims.values()):
                return None
            found = take(not self._claims)
            if found is not None:
                self._claims[found.batch_id] = found
            return found

    def settle(self, claim: Claim, unread: int) -> None:
        """The batch is over; `unread` images of it were not read. Its order may end, or go on with
        what was not read, and who waited to be alone has their turn."""
        with self._lock:
            self._claims.pop(claim.batch_id, None)
            for order in self.orders:
                order.settle(claim, unread)
            self.orders = [order for order in self.orders if not order.is_fulfilled]
            over = not self._claims
        if over and len(self._wakes) > 1:
            self.wake()


class Order:
    """One processing signal that is being carried out. `complete` is for all threads, the rest for
    `InWork`'s lock."""

    def __init__(self, limit: int | None, paths: frozenset[bytes] | None) -> None:
        self.limit = limit
        """How many images it may still take."""
        self.paths = paths
        self.complete = False
        """The folder has been looked at; nothing more will come for this order."""
        self._batches: set[int] = set()

    @property
    def is_fulfilled(self) -> bool:
        """Whether as many images were read as it asked for."""
        return self.limit == 0 and not self._batches

    def take(self, claim: Claim) -> None:
        """A batch is read for this order."""
        self._batches.add(claim.batch_id)
        if self.limit is not None:
            self.limit -= len(claim.tasks)

    def settle(self, claim: Claim, unread: int) -> None:
        """The batch, if it is one of this order's, is over; `unread` images of it were not read."""
        if claim.batch_id in self._batches:
            self._batches.remove(claim.batch_id)
            if self.limit is not None:
                self.limit += unread
