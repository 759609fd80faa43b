"""The SDK: register this node, read the list of peers, watch it."""

from __future__ import annotations

import asyncio
import ctypes
import inspect
import threading
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Dict, List, Optional, Tuple, Union

from . import _library as c

Callback = Callable[["PeerList"], Union[None, Awaitable[None]]]


class P2PError(Exception):
    """What the library could not do. `code` is its number in dstack_p2p.h."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Peer:
    """A node of the cluster whose lease runs."""

    token_id: int
    instance_id: str
    app_id: str
    network: str
    endpoint: str
    wireguard_key: Optional[bytes]
    lease_until: int


class PeerList(List[str]):
    """The endpoints of all peers, in the contract's order, and where they come from.

    `error` is None for a list that was just read. Otherwise it says why there is no newer one, and
    the list is the last good one, `age` seconds old.
    """

    def __init__(
        self, members: Tuple[Peer, ...], block: int, digest: str, age: float, error: Optional[P2PError]
    ) -> None:
        super().__init__(member.endpoint for member in members)
        self.members = members
        self.block = block
        self.digest = digest
        self.age = age
        self.error = error


def _encode(text: Optional[str]) -> Optional[bytes]:
    return None if text is None else text.encode()


def _peer(raw: c.Peer) -> Peer:
    return Peer(
        raw.token_id,
        raw.instance_id.decode(),
        raw.app_id.decode(),
        "wireguard" if raw.is_wireguard else "tls-gateway",
        raw.endpoint.decode(),
        bytes(raw.wireguard_key) if raw.is_wireguard else None,
        raw.lease_until,
    )


def _peer_list(raw: c.Peers) -> PeerList:
    message = raw.message.decode(errors="replace")
    return PeerList(
        tuple(_peer(raw.list[i]) for i in range(raw.count)),
        raw.block_number,
        raw.digest.decode(),
        raw.age_ms / 1000,
        None if raw.error == c.OK else P2PError(raw.error, message),
    )


class _Handle:
    """One handle of the library: one thread at a time may use it."""

    def __init__(self, library: ctypes.CDLL, contract: Optional[str], mode: int, options: c.Options) -> None:
        message = ctypes.create_string_buffer(c.MESSAGE_SIZE)
        self._library = library
        self._p2p = ctypes.c_void_p()
        self._lock = threading.Lock()
        code = library.dstack_p2p_open(ctypes.byref(self._p2p), _encode(contract), mode, ctypes.byref(options), message)
        if code != c.OK:
            raise P2PError(code, message.value.decode(errors="replace"))

    def close(self) -> None:
        with self._lock:
            self._library.dstack_p2p_close(self._p2p)
            self._p2p = ctypes.c_void_p()

    def stop(self) -> None:
        self._library.dstack_p2p_stop(self._p2p)

    def text(self, name: str) -> str:
        said: bytes = getattr(self._library, name)(self._p2p)
        return said.decode(errors="replace")

    def call(self, name: str, *arguments: Any) -> int:
        with self._lock:
            code: int = getattr(self._library, name)(self._p2p, *arguments)
            return code

    def error(self, code: int) -> P2PError:
        said = self.text("dstack_p2p_message")
        return P2PError(code, said or self._library.dstack_p2p_error_text(code).decode())

    def get_peers(self) -> PeerList:
        out = ctypes.POINTER(c.Peers)()
        with self._lock:
            code = self._library.dstack_p2p_get_peers(self._p2p, ctypes.byref(out))
            if not out:
                raise self.error(code)
            try:
                return _peer_list(out.contents)
            finally:
                self._library.dstack_p2p_peers_free(out)


class DStackP2PSDK:
    """This node in a cluster, and the others.

    Without arguments all comes from the guest agent and the environment: CLUSTER_CONTRACT, RPC_URL,
    DSTACK_GATEWAY_DOMAIN. Settings are those of dstack_p2p.h's options, by the same names.
    """

    def __init__(self, contract: Optional[str] = None, mode: str = "tls", **settings: Any) -> None:
        if mode not in c.MODES:
            raise ValueError(f"mode: one of {', '.join(c.MODES)}")
        self._library = c.load()
        self._contract, self._mode = contract, c.MODES[mode]
        self._options = self._read(settings)
        self._handle = self._open()
        self._keeper: Optional[Tuple[_Handle, threading.Thread]] = None

    def _read(self, settings: Dict[str, Any]) -> c.Options:
        options = c.Options()
        names = {name for name, _ in c.Options._fields_}
        for name, value in settings.items():
            if name not in names:
                raise TypeError(f"no such setting: {name}")
            if name == "block":
                value = c.BLOCKS[value]
            elif name == "wireguard_key":
                value = (ctypes.c_uint8 * 32)(*value)
            setattr(options, name, _encode(value) if isinstance(value, str) else value)
        return options

    def _open(self) -> _Handle:
        return _Handle(self._library, self._contract, self._mode, self._options)

    @property
    def instance_id(self) -> str:
        return self._handle.text("dstack_p2p_instance_id")

    @property
    def app_id(self) -> str:
        return self._handle.text("dstack_p2p_app_id")

    async def register(self, keep: bool = True) -> bool:
        """Enter this node into the cluster, and wait until a block has it.

        False where the cluster refuses: no token names this node, or the contract says no; `message`
        says why. Whatever else fails raises. With `keep` the lease is prolonged until `close`.
        """
        code = await asyncio.to_thread(self._handle.call, "dstack_p2p_register", None)
        if code in (c.ENOSEAT, c.EREFUSED):
            return False
        if code != c.OK:
            raise self._handle.error(code)
        if keep and self._keeper is None:
            self._start_keeper()
        return True

    @property
    def message(self) -> str:
        """What the last call that failed was about."""
        return self._handle.text("dstack_p2p_message")

    def _start_keeper(self) -> None:
        handle = self._open()
        tell = c.TellSelf(lambda _self, _arg: 0)
        thread = threading.Thread(
            target=lambda: handle.call("dstack_p2p_keep", tell, None), name="dstack-p2p-keep", daemon=True
        )
        thread.start()
        self._keeper = (handle, thread)

    async def get_peers(self) -> PeerList:
        """The endpoints of all peers. A fault gives the last good list, with its age and `error`;
        where there never was one it raises."""
        return await asyncio.to_thread(self._handle.get_peers)

    async def monitor_peers(self, callback: Callback, interval: float = 2.0) -> None:
        """Call back with the whole list, at first and of each change, until cancelled.

        Also when reading begins to fail or works again: see PeerList.error. What the callback raises
        ends the watch, and is raised here.
        """
        watch = _Watch(self._library, self._open(), callback, asyncio.get_running_loop())
        await watch.run(int(interval * 1000))

    async def close(self) -> None:
        """Stop keeping the lease, and free all. The node stays entered until its lease ends."""
        if self._keeper is not None:
            handle, thread = self._keeper
            handle.stop()
            await asyncio.to_thread(thread.join)
            handle.close()
            self._keeper = None
        self._handle.close()

    async def __aenter__(self) -> DStackP2PSDK:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()


class _Watch:
    """A watch in a thread of its own; the callback runs in the caller's event loop."""

    def __init__(
        self, library: ctypes.CDLL, handle: _Handle, callback: Callback, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._library, self._handle, self._callback, self._loop = library, handle, callback, loop
        self._failure: Optional[BaseException] = None
        self._is_over = False

    async def run(self, interval_ms: int) -> None:
        tell = c.Tell(self._tell)
        thread = asyncio.ensure_future(asyncio.to_thread(self._handle.call, "dstack_p2p_watch", interval_ms, tell, None))
        try:
            await asyncio.shield(thread)
        finally:
            self._is_over = True
            self._handle.stop()
            await thread
            self._handle.close()
        if self._failure is not None:
            raise self._failure

    def _tell(self, peers: Any, code: int, _arg: object) -> int:
        """In the thread. A list that never was is no news for a callback that takes lists."""
        if not peers or self._is_over:
            return 0
        try:
            told = asyncio.run_coroutine_threadsafe(self._call(_peer_list(peers.contents)), self._loop)
            while not self._is_over:
                try:
                    told.result(timeout=0.2)
                    return 0
                except NotYet:
                    if told.done():
                        raise
            told.cancel()
        except BaseException as failure:  # goes to whoever awaits the watch
            self._failure = failure
        return 1

    async def _call(self, peers: PeerList) -> None:
        result = self._callback(peers)
        if inspect.isawaitable(result):
            await result
