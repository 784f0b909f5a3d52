"""Answers HTTP over sockets, with bounded memory, threads and time, however its clients behave.

A few threads do all the work. Each waits for one event, takes one connection or reads one request, asks the question
behind it, which may block, and answers. No request is handed from thread to thread, which would double its cost.

- Each request is answered by a question that was asked after it came. Requests for one target that wait at the same
  time share the next question. Of each target ASKED_AT_ONCE are asked at a time, and there is one thread more than can
  ask: a thousand requests cost a few questions, and somebody always listens. Where those take long, another is asked at
  each step, by a thread of its own, up to ASKED_LIMIT: who waits is not late for another's question.
- There is room for LIMIT connections. Where it is full, one of the address that holds the most is closed for the new
  one: first those that have sent no whole request, last those of a kubelet, and the oldest of them. So a kubelet, with
  its few, gets in and is answered whatever others do, be they behind the same address.
- A client has HEAD_TIME for the head of its request, and SEND_TIME to take its answer; a request is answered within the
  server's *patience*, by 503 where no question was over in time.

A thread owns a connection while it works on it. It owns what it has taken out of the dictionary of those that are idle,
or of those that wait for an answer; to take one out of a dictionary is one step that no other thread can come between.
"""

import os
import resource
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import NoReturn

from zkboot.pod.deadline import seconds
from zkboot.pod.http import HEAD_LIMIT, METHODS, Answer, RequestError, find_head, parse_request, render_answer
from zkboot.pod.listening import SEND_TIME
from zkboot.pod.waiting import ASKED_AT_ONCE, ENDING, HEAD_TIME, READING, SENDING, WAITING, Client, Question, Target

LIMIT = 256
"""Connections at a time, or half of the file descriptors that this process may have."""

CLOSE_TIME = 1.0
"""Seconds for a client to hang up that has more to say than was read: a reset could overtake its answer."""

MARGIN = 0.5
"""Seconds that a request may wait beyond the time-out of its question: less than the second that a kubelet adds."""

_STEP = 0.2
"""Seconds between two looks for clients whose time is over."""

FEW = 8
"""Connections of one address that are never too many."""


class Server:
    """Answers each target of *questions* on *listener* with the question behind it.

    A question returns its answer and raises nothing. *patience* is how long, in seconds, a request may wait for it.
    """

    def __init__(self, listener: socket.socket, questions: Mapping[str, Question], patience: float) -> None:
        self._listener = listener
        self._targets = {target: Target(question) for target, question in questions.items()}
        self._patience = patience
        self._limit = min(LIMIT, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
        self._clients: dict[int, Client] = {}
        """Every connection, by its file descriptor, the oldest first."""
        self._idle: dict[Client, bool] = {}
        """Connections of which an event is waited for."""
        self._unanswered: dict[Client, bool] = {}
        """Connections that wait for an answer."""
        self._closing = threading.Lock()
        """Held where a file descriptor is closed, or must not become another connection's."""
        self._events = select.epoll()

    def run(self) -> NoReturn:
        """Answer for ever; a mistake of ours in any thread ends the process with a traceback and status 1."""
        threading.excepthook = _end
        self._listener.settimeout(0)
        self._events.register(self._listener, select.EPOLLIN | select.EPOLLONESHOT)
        for _ in range(ASKED_AT_ONCE * len(self._targets) + 1):
            threading.Thread(target=self._work, daemon=True).start()
        while True:
            time.sleep(_STEP)
            for target in self._targets.values():
                if target.is_slow():
                    self._ask_beside(target)
            self._end_overdue(time.monotonic())

    def _work(self) -> NoReturn:
        """Look after one event after the other."""
        while True:
            for descriptor, _ in self._events.poll(maxevents=1):
                if descriptor == self._listener.fileno():
                    self._accept()
                    continue
                client = self._clients.get(descriptor)
                if client is not None and self._idle.pop(client, False):
                    self._go_on(client)

    def _accept(self) -> None:
        """Take one connection; another thread takes the next."""
        try:
            connection, address = self._listener.accept()
        except OSError:
            # The client is gone again; or the host has no file descriptor left, and this would turn in circles.
            time.sleep(_STEP / 20)
            self._listen_again()
            return
        connection.settimeout(0)
        if len(self._clients) >= self._limit:
            self._make_room()
        client = Client(connection, address[0])
        self._clients[connection.fileno()] = client
        self._listen_again()
        self._read(client)

    def _listen_again(self) -> None:
        self._events.modify(self._listener, select.EPOLLIN | select.EPOLLONESHOT)

    def _make_room(self) -> None:
        """Close the connection that is worth the least; see above."""
        clients = list(self._clients.values())
        count = Counter(client.address for client in clients)

        def worth(client: Client) -> tuple[int, bool, bool]:
            return -max(count[client.address], FEW), client.stage == WAITING, client.is_kubelet

        for client in sorted(clients, key=worth):
            if self._is_mine(client):
                self._drop(client)
                return

    def _is_mine(self, client: Client) -> bool:
        """Return whether *client* was idle or waited; from now on this thread owns it."""
        if self._idle.pop(client, False):
            return True
        if client.target is None or not self._unanswered.pop(client, False):
            return False
        client.target.leave(client)
        return True

    def _go_on(self, client: Client) -> None:
        if client.stage == READING:
            self._read(client)
        elif client.stage == SENDING:
            self._send(client)
        else:
            self._read_over(client)

    def _read(self, client: Client) -> None:
        """Read what came of a request; where it is whole, ask for its answer or let it wait for others who ask."""
        try:
            chunk = client.socket.recv(HEAD_LIMIT + 1)
        except BlockingIOError:
            self._wait_for(client, select.EPOLLIN)
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._drop(client)
            return
        client.received += chunk
        # Known before the request is whole, or none: no answer to HEAD has a text.
        client.with_text = not client.received.lstrip(b"\r\n").startswith(b"HEAD ")
        try:
            end = find_head(client.received)
            if end is None:
                self._wait_for(client, select.EPOLLIN)
                return
            request = parse_request(client.received[:end])
            client.says_more = request.has_body or len(client.received) > end
            client.is_kubelet = request.is_kubelet
            target = self._find(request.method, request.target)
        except RequestError as error:
            self._refuse(client, error.answer)
            return
        client.received = b""
        client.stage = WAITING
        client.until = time.monotonic() + self._patience
        client.target = target
        self._unanswered[client] = True
        if target.join(client):
            self._ask(target)

    def _find(self, method: str, target: str) -> Target:
        """Return the question behind *target*; raises RequestError where there is none."""
        if method not in METHODS:
            raise RequestError(HTTPStatus.METHOD_NOT_ALLOWED, f"only {' and '.join(METHODS)} are answered")
        found = self._targets.get(target)
        if found is not None:
            return found
        path, mark, _ = target.partition("?")
        listed = ", ".join(self._targets)
        if mark and path in self._targets:
            raise RequestError(HTTPStatus.BAD_REQUEST, f"no such query; answered are {listed}")
        raise RequestError(HTTPStatus.NOT_FOUND, f"no such page; answered are {listed}")

    def _ask(self, target: Target) -> None:
        """Ask the question of *target* until nobody waits for it."""
        while clients := target.take():
            answer = target.question()
            rendered: dict[bool, memoryview] = {}
            for client in clients:
                if self._unanswered.pop(client, False):
                    self._answer(client, answer, rendered)

    def _ask_beside(self, target: Target) -> None:
        """Ask the question of *target* in a thread of its own."""
        try:
            threading.Thread(target=self._ask, args=(target,), daemon=True).start()
        except RuntimeError:
            # The host has no thread left. Who waits is answered by the next that is free.
            target.give_up()

    def _refuse(self, client: Client, answer: Answer) -> None:
        client.says_more = True
        self._answer(client, answer, {})

    def _answer(self, client: Client, answer: Answer, rendered: dict[bool, memoryview]) -> None:
        """Begin to send *answer*, which is *rendered* once, with its text and without."""
        if client.with_text not in rendered:
            text = render_answer(answer, time.gmtime(), with_text=client.with_text)
            rendered[client.with_text] = memoryview(text)
        client.rest = rendered[client.with_text]
        client.stage = SENDING
        client.until = time.monotonic() + SEND_TIME
        self._send(client)

    def _send(self, client: Client) -> None:
        """Send more of the answer; where that was all, close the connection, or let the client hang up first."""
        try:
            client.rest = client.rest[client.socket.send(client.rest) :]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(client)
            return
        if client.rest:
            self._wait_for(client, select.EPOLLOUT)
            return
        if not client.says_more:
            self._drop(client)
            return
        client.stage = ENDING
        client.until = time.monotonic() + CLOSE_TIME
        with suppress(OSError):
            client.socket.shutdown(socket.SHUT_WR)
        self._wait_for(client, select.EPOLLIN)

    def _read_over(self, client: Client) -> None:
        """Read what nobody wants, until the client has hung up."""
        try:
            is_over = not client.socket.recv(HEAD_LIMIT)
        except BlockingIOError:
            is_over = False
        except OSError:
            is_over = True
        if is_over:
            self._drop(client)
        else:
            self._wait_for(client, select.EPOLLIN)

    def _end_overdue(self, now: float) -> None:
        for client in list(self._clients.values()):
            if client.until > now or not self._is_mine(client):
                continue
            if client.stage == WAITING:
                text = f"no answer within {seconds(self._patience)}: too many are asked for at once\n"
                self._answer(client, Answer(HTTPStatus.SERVICE_UNAVAILABLE, text), {})
            elif client.stage == READING and client.received:
                text = f"no whole request within {seconds(HEAD_TIME)}\n"
                self._refuse(client, Answer(HTTPStatus.REQUEST_TIMEOUT, text))
            else:
                self._drop(client)

    def _wait_for(self, client: Client, event: int) -> None:
        """Let whichever thread sees *event* first go on with *client*, which is this thread's no longer."""
        arm = self._events.modify if client.is_known else self._events.register
        client.is_known = True
        with self._closing:
            self._idle[client] = True
            arm(client.socket.fileno(), event | select.EPOLLONESHOT)

    def _drop(self, client: Client) -> None:
        """Close the connection of *client*, which this thread owns."""
        with self._closing:
            del self._clients[client.socket.fileno()]
            client.socket.close()


def _end(failure: threading.ExceptHookArgs) -> NoReturn:
    threading.__excepthook__(failure)
    os._exit(1)
