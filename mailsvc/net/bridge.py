"""The bridge from the event loop to plain services.

Reads run inline: a hop to a thread would cost more than the read. Changes wait for each other: all that wait are run
as savepoints of one transaction, whose COMMIT (the only part that waits for the disk) happens in a thread while the
loop goes on (ADR 0001). A caller is answered only after that COMMIT.

Changes of flags may be answered when everybody can see them and before the disk has them (`write_soon`, ADR 0009): they
are on disk with the next durable COMMIT, or after FLUSH_SECONDS.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from mailsvc.model.errors import StoreBusy, StoreUnavailable, TransactionLost

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsvc.model.changes import Change

P = ParamSpec("P")
T = TypeVar("T")
LOOK_SECONDS = 1.0
FLUSH_SECONDS = 0.2
"""How long a change that was made soon may wait for the disk."""
_Done = tuple["asyncio.Future[Any]", Any, "BaseException | None"]
_Unit = tuple["Callable[..., Any]", tuple[Any, ...], "asyncio.Future[Any]"]


class Transaction(Protocol):
    """What the bridge asks of a unit of work (`mailsvc.storage.unit_of_work.UnitOfWork`)."""

    def begin(self, seconds: float = ..., *, soon: bool = ...) -> None: ...
    def attempt(self, unit: Callable[..., T], *args: Any) -> T: ...
    def write_changes(self) -> None: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def tell(self) -> None: ...
    def close(self) -> None: ...


class Lock(Protocol):
    """The writers' lock, and what the driver raises (`mailsvc.storage.database.Database`)."""

    driver_error: type[Exception]

    @property
    def can_commit_soon(self) -> bool: ...
    def flush(self) -> None: ...
    def try_lock(self) -> bool: ...
    def lock(self) -> None: ...
    def unlock(self) -> None: ...


class Store(Protocol):
    """What the bridge asks of a store (`mailsvc.storage.store.Store`); net and storage do not know each other."""

    @property
    def database(self) -> Lock: ...
    @property
    def settings(self) -> Any: ...
    def reader(self) -> Any: ...
    def writer(self) -> Transaction: ...
    def feed(self, reader: Any) -> Any: ...
    def bell(self) -> Any: ...
    def publish(self, changes: tuple[Change, ...]) -> None: ...
    def fail(self, why: str) -> None: ...


class Bridge:
    """One for a mail process. Use it from its loop's thread only."""

    def __init__(self, store: Store, *, threads: int = 4) -> None:
        self.store = store
        self.reader: Any = store.reader()
        self._writer = store.writer()
        self._waiting: deque[_Unit] = deque()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="slow")
        self._committer = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._running: asyncio.Task[None] | None = None
        self._feed = store.feed(self.reader)
        self._bell: Any = None
        self._looking: asyncio.TimerHandle | None = None
        self._flushing: asyncio.TimerHandle | None = None

    def listen(self) -> None:
        """Learn of what other processes change: by the doorbell, and once a second in any case."""
        self._bell = self.store.bell()
        asyncio.get_running_loop().add_reader(self._bell.fileno(), self._rung)
        self._look()

    def read(self, service: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a reading service inline."""
        return service(self.reader, *args, **kwargs)

    async def write(self, unit: Callable[..., T], *args: Any) -> T:
        """Run a unit of work; returns once it is durable, raises what it raised."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((unit, args, future))
        if self._running is None:
            self._running = asyncio.create_task(self._work())
        return await future

    async def write_soon(self, unit: Callable[..., T], *args: Any) -> T:
        """Run a unit of work; returns once everybody can see it, which a power loss within FLUSH_SECONDS can undo.

        For flags alone, about which nothing was promised. If others write, it shares their durable commit.
        """
        database = self.store.database
        if self._running is None and database.can_commit_soon and database.try_lock():
            try:
                with contextlib.suppress(StoreBusy):
                    return self._at_once(unit, args)
            finally:
                database.unlock()
        return await self.write(unit, *args)

    def _at_once(self, unit: Callable[..., T], args: tuple[Any, ...]) -> T:
        uow = self._writer
        uow.begin(0, soon=True)
        try:
            result = unit(uow, *args)
            uow.write_changes()
            uow.commit()
        except BaseException as error:
            uow.rollback()
            if isinstance(error, (self.store.database.driver_error, OSError)):
                raise self._translated(error) from error
            raise
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)
        uow.tell()
        return result

    def _flush(self) -> None:
        self._flushing = None
        self._committer.submit(self._flush_now)

    def _flush_now(self) -> None:
        try:
            self.store.database.flush()
        except OSError as error:
            self.store.fail(f"fdatasync: {error.strerror}")

    @property
    def is_busy(self) -> bool:
        """Whether changes wait or are being made; work that can wait lets them go first."""
        return self._running is not None

    async def slow(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run slow work (hashing, large bodies) in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: work(*args, **kwargs))

    async def _work(self) -> None:
        try:
            # One turn of the loop, so that units of connections that are ready at the same time share a commit.
            await asyncio.sleep(0)
            while self._waiting:
                await self._batch()
        finally:
            self._running = None

    async def _batch(self) -> None:
        loop = asyncio.get_running_loop()
        database, uow = self.store.database, self._writer
        done: list[_Done] = []
        try:
            if not database.try_lock():
                await loop.run_in_executor(self._committer, database.lock)
        except Exception as error:  # noqa: BLE001 - nothing was begun; all who wait are told
            self._refuse(self._translated(error))
            return
        try:
            await self._begin(uow)
            self._attempt_all(done)
            uow.write_changes()
            await loop.run_in_executor(self._committer, uow.commit)
        except Exception as error:  # noqa: BLE001 - nothing was acknowledged; all who wait are told
            uow.rollback()
            failure = self._translated(error)
            done = [(future, None, failed or failure) for future, _, failed in done]
            if not done:
                self._refuse(failure)
        finally:
            database.unlock()
        uow.tell()
        for future, result, failed in done:
            if future.done():
                continue
            if failed is not None:
                future.set_exception(failed)
            else:
                future.set_result(result)

    async def _begin(self, uow: Transaction) -> None:
        """Begin; the loop goes on while somebody else holds the database."""
        try:
            uow.begin(0)
        except StoreBusy:
            await asyncio.get_running_loop().run_in_executor(self._committer, uow.begin)

    def _attempt_all(self, done: list[_Done]) -> None:
        while self._waiting and len(done) < self.store.settings.batch_units:
            unit, args, future = self._waiting.popleft()
            if future.cancelled():
                continue
            try:
                done.append((future, self._writer.attempt(unit, *args), None))
            except TransactionLost:
                done.append((future, None, None))
                raise
            except Exception as error:  # noqa: BLE001 - it is handed to whoever asked
                done.append((future, None, self._translated(error)))

    def _translated(self, error: Exception) -> Exception:
        if isinstance(error, (self.store.database.driver_error, OSError)):
            return StoreUnavailable(str(error))
        return error

    def _refuse(self, error: Exception) -> None:
        while self._waiting:
            _, _, future = self._waiting.popleft()
            if not future.done():
                future.set_exception(type(error)(*error.args))

    def _rung(self) -> None:
        self._bell.drain()
        self._publish_news()

    def _look(self) -> None:
        self._publish_news()
        self._looking = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _publish_news(self) -> None:
        with contextlib.suppress(self.store.database.driver_error):
            news = self._feed.news()
            if news:
                self.store.publish(news)

    async def close(self) -> None:
        """Finish what waits, then close."""
        if self._running is not None:
            await self._running
        if self._looking is not None:
            self._looking.cancel()
        if self._flushing is not None:
            self._flushing.cancel()
            self._flush()
        if self._bell is not None:
            asyncio.get_running_loop().remove_reader(self._bell.fileno())
            self._bell.close()
        self._pool.shutdown()
        self._committer.shutdown()
        self._writer.close()
        self.reader.close()
