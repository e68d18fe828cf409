"""The pool: worker processes, the line of jobs before them, and what happens when one of them dies or is slow.

All of it runs on the event loop and waits for nothing: workers are heard when their pipe has something to say.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from photochrom.errors import PhotochromError, WorkerError
from photochrom.inference.card import Card
from photochrom.server.errors import ProblemError
from photochrom.server.jobs import Answer, Done, Forget, Job, Ready, Refused, Setup
from photochrom.server.refusals import BusyError, TimedOutError, UnavailableError
from photochrom.server.worker import work
from photochrom.workers.process import Child

__all__ = ["Pool"]

_ATTEMPTS = 2  # a job whose worker dies is given to another one once more
_WINDOW = 8  # of the line's first jobs, one may be preferred whose photo an idle worker knows,
_PATIENCE = 4  # so often at most
_KNOWN = 64  # photos that a worker is taken to know
_AGAIN = (0.0, 0.5, 2.0, 10.0, 30.0)  # seconds before a worker that dies again and again is started again


@dataclass(eq=False)
class _Ticket:
    """A job in the line or at a worker."""

    job: Job
    answer: asyncio.Future[Answer]
    begun: float = 0.0
    attempts: int = 0
    passed_over: int = 0
    timer: asyncio.TimerHandle | None = None

    def settle(self, answer: Answer | Exception) -> None:
        if self.timer is not None:
            self.timer.cancel()
        if self.answer.done():  # its client has gone
            return
        if isinstance(answer, Exception):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


@dataclass(eq=False)
class _Worker:
    child: Child
    ready: bool = False
    ticket: _Ticket | None = None
    known: OrderedDict[str, None] = field(default_factory=OrderedDict)

    @property
    def idle(self) -> bool:
        return self.ready and self.ticket is None

    def knows(self, ticket: _Ticket) -> bool:
        return ticket.job.key is not None and ticket.job.key in self.known


class Pool:
    """Processes that do jobs, each of them once, or once more where its worker died.

    Args:
        setup: how a worker is started.
        workers: how many.
        queue: how many jobs may wait.
        seconds: how long a job may wait and be worked on.

    Attributes:
        cards: of the networks that are open, the default's first; empty before `start`.
        restarts: how many workers were started anew.
    """

    def __init__(self, setup: Setup, *, workers: int, queue: int, seconds: float) -> None:
        self._setup, self._count, self._most, self._seconds = setup, workers, queue, seconds
        self._workers: list[_Worker] = []
        self._waiting: deque[_Ticket] = deque()
        self._opened: asyncio.Future[None] | None = None
        self._burials: set[asyncio.Future[None]] = set()
        self._deaths = 0  # one after the other, without a job done between them
        self._pace = 1.0  # seconds that a job took lately
        self._closed = False
        self.cards: tuple[Card, ...] = ()
        self.restarts = 0

    @property
    def ready(self) -> bool:
        """Whether a worker has its networks open."""
        return any(worker.ready for worker in self._workers)

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self._waiting)

    @property
    def busy(self) -> int:
        """How many workers have a job."""
        return sum(worker.ticket is not None for worker in self._workers)

    async def start(self) -> None:
        """Start the workers, and wait for the first of them.

        Raises:
            NetworkError: if a network cannot be opened.
            WorkerError: if no process can be started, or they die.
        """
        self._opened = asyncio.get_running_loop().create_future()
        try:
            for _ in range(self._count):
                self._spawn()
            await self._opened
        except BaseException:
            await self.close()
            raise

    async def do(self, job: Job, *, patient: bool = False) -> Done:
        """Have a job done.

        Args:
            job: what to do.
            patient: wait for a place in the line, however long it is.

        Raises:
            ProblemError: 429 if the line is full, 504 if it took too long, 500 if its workers died, or what the
                worker says.
        """
        while patient and len(self._waiting) >= self._most:
            await asyncio.sleep(0.2)
        if len(self._waiting) >= self._most:
            busy = BusyError(None, "The service has as much to do as it can", "try again a little later")
            raise ProblemError(429, busy, self._retry())
        loop = asyncio.get_running_loop()
        ticket = _Ticket(job, loop.create_future())
        ticket.timer = loop.call_later(self._seconds, self._expire, ticket)
        self._waiting.append(ticket)
        self._dispatch()
        try:
            answer = await ticket.answer
        except asyncio.CancelledError:
            ticket.timer.cancel()
            if ticket in self._waiting:
                self._waiting.remove(ticket)
            raise
        if isinstance(answer, Refused):
            raise ProblemError(answer.status, answer.error, self._retry() if answer.status == 503 else None)
        return answer

    def forget(self, key: str) -> None:
        """Have workers let go of what they decoded of a photo."""
        for worker in self._workers:
            if worker.known.pop(key, False) is None:
                with suppress(OSError):  # it is dead, and has forgotten
                    worker.child.pipe.send(Forget(key))

    async def close(self) -> None:
        """End all workers at once; jobs that are not through are refused."""
        self._closed = True
        for worker in self._workers:
            worker.child.kill()
        ending = UnavailableError(None, "The service is ending", "try again later")
        refusal = ProblemError(503, ending, {"Retry-After": "10"})
        for ticket in [*self._waiting, *(worker.ticket for worker in self._workers)]:
            if ticket is not None:
                ticket.settle(refusal)
        self._waiting.clear()
        for worker in self._workers[:]:
            await self._bury(worker)

    def _retry(self) -> dict[str, str]:
        """Say when there may be room again."""
        seconds = (len(self._waiting) + 1) * min(self._pace, self._seconds) / self._count
        return {"Retry-After": str(max(1, round(seconds)))}

    def _dispatch(self) -> None:
        """Give jobs to idle workers: the oldest first, but rather one whose photo an idle worker knows."""
        self._drop_settled()
        while self._waiting and (idle := [worker for worker in self._workers if worker.idle]):
            ticket, worker = self._waiting[0], min(idle, key=lambda worker: len(worker.known))
            if ticket.passed_over < _PATIENCE:
                pairs = ((t, w) for t in islice(self._waiting, _WINDOW) for w in idle if w.knows(t))
                ticket, worker = next(pairs, (ticket, worker))
            if ticket is not self._waiting[0]:
                self._waiting[0].passed_over += 1
            self._waiting.remove(ticket)
            self._give(ticket, worker)

    def _drop_settled(self) -> None:
        while self._waiting and self._waiting[0].answer.done():
            self._waiting.popleft()

    def _give(self, ticket: _Ticket, worker: _Worker) -> None:
        ticket.attempts += 1
        ticket.begun = asyncio.get_running_loop().time()
        worker.ticket = ticket
        if ticket.job.key is not None:
            worker.known[ticket.job.key] = None
            worker.known.move_to_end(ticket.job.key)
            while len(worker.known) > _KNOWN:
                worker.known.popitem(last=False)
        try:
            worker.child.pipe.send(ticket.job)  # smaller than what a pipe holds: it never waits
        except OSError:
            self._lose(worker)

    def _expire(self, ticket: _Ticket) -> None:
        """End a job that takes too long, and its worker with it."""
        error = TimedOutError(ticket.job.name, "took too long", "try a smaller photo, or try again later")
        ticket.settle(ProblemError(504, error))
        if ticket in self._waiting:
            self._waiting.remove(ticket)
        for worker in self._workers:
            if worker.ticket is ticket:
                worker.ready = False
                worker.child.kill()

    def _spawn(self) -> None:
        if self._closed:
            return
        try:
            child = Child(work, self._setup)
        except OSError as error:
            reason = WorkerError(
                None, f"no further process can be started ({error.strerror})", "use fewer --workers"
            )
            if self._opened is not None and not self._opened.done():
                raise reason from error
            self._again()
            return
        worker = _Worker(child)
        self._workers.append(worker)
        asyncio.get_running_loop().add_reader(child.pipe.fileno(), self._hear, worker)

    def _hear(self, worker: _Worker) -> None:
        """Take one message of a worker."""
        try:
            message = worker.child.pipe.recv()
        except (EOFError, OSError):
            self._lose(worker)
            return
        if isinstance(message, Ready):
            worker.ready = True
            self.cards = message.cards
            if self._opened is not None and not self._opened.done():
                self._opened.set_result(None)
        elif isinstance(message, Done | Refused):
            ticket, worker.ticket = worker.ticket, None
            self._deaths = 0
            if ticket is not None:
                seconds = asyncio.get_running_loop().time() - ticket.begun
                self._pace += 0.1 * (seconds - self._pace)
                ticket.settle(message)
        else:  # it could not open the network
            assert isinstance(message, PhotochromError)
            self._fail_start(message)
            self._lose(worker)
            return
        self._dispatch()

    def _lose(self, worker: _Worker) -> None:
        """Give the job of a dead worker to another one, and start one in its place."""
        if worker not in self._workers or self._closed:
            return
        self._workers.remove(worker)
        asyncio.get_running_loop().remove_reader(worker.child.pipe.fileno())
        ticket, worker.ticket = worker.ticket, None
        if ticket is not None and not ticket.answer.done():
            if ticket.attempts < _ATTEMPTS:
                self._waiting.appendleft(ticket)
            else:
                problem = "the program that worked on it crashed, twice"
                ticket.settle(ProblemError(500, WorkerError(ticket.job.name, problem, "try another")))
        self._fail_start(
            WorkerError(None, "the program that opened the networks died", "there may be too little memory")
        )
        burial = asyncio.ensure_future(self._bury(worker))
        self._burials.add(burial)  # the loop itself would let go of it
        burial.add_done_callback(self._burials.discard)
        self._deaths += 1
        self._again()
        self._dispatch()

    def _again(self) -> None:
        self.restarts += 1
        delay = _AGAIN[min(max(0, self._deaths - self._count), len(_AGAIN) - 1)]
        asyncio.get_running_loop().call_later(delay, self._spawn)

    def _fail_start(self, error: PhotochromError) -> None:
        if self._opened is not None and not self._opened.done():
            self._opened.set_exception(error)

    async def _bury(self, worker: _Worker) -> None:
        if worker in self._workers:
            self._workers.remove(worker)
            asyncio.get_running_loop().remove_reader(worker.child.pipe.fileno())
        await asyncio.to_thread(worker.child.end)
