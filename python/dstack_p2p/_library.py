"""libdevproof.so as ctypes sees it: the structs and functions of dstack_p2p.h."""

import ctypes
from ctypes import POINTER, c_char, c_char_p, c_int, c_size_t, c_uint, c_uint8, c_uint16, c_uint64, c_void_p

MESSAGE_SIZE = 512

OK, ENOSEAT, EREFUSED = 0, 8, 9
MODES = {"tls": 0, "wireguard": 1}
BLOCKS = {"finalized": 0, "safe": 1, "latest": 2}


class Options(ctypes.Structure):
    _fields_ = [
        ("rpc_urls", c_char_p),
        ("guest_socket", c_char_p),
        ("gateway_domain", c_char_p),
        ("endpoint", c_char_p),
        ("wireguard_key", POINTER(c_uint8)),
        ("subscribe_url", c_char_p),
        ("relay_url", c_char_p),
        ("port", c_uint16),
        ("token_id", c_uint64),
        ("block", c_int),
        ("additions_after", c_uint),
        ("max_age_s", c_uint),
        ("timeout_s", c_uint),
        ("reuse_ms", c_uint),
    ]


class Peer(ctypes.Structure):
    _fields_ = [
        ("token_id", c_uint64),
        ("instance_id", c_char * 41),
        ("app_id", c_char * 41),
        ("is_wireguard", c_int),
        ("wireguard_key", c_uint8 * 32),
        ("lease_until", c_uint64),
        ("endpoint", c_char * 129),
    ]


class Peers(ctypes.Structure):
    _fields_ = [
        ("list", POINTER(Peer)),
        ("count", c_size_t),
        ("block_number", c_uint64),
        ("block_time", c_uint64),
        ("block_hash", c_char * 67),
        ("digest", c_char * 67),
        ("age_ms", c_uint64),
        ("error", c_int),
        ("message", c_char * MESSAGE_SIZE),
    ]


class Receipt(ctypes.Structure):
    _fields_ = [("token_id", c_uint64), ("block_number", c_uint64), ("transaction", c_char * 67)]


class Self(ctypes.Structure):
    _fields_ = [
        ("token_id", c_uint64),
        ("lease_until", c_uint64),
        ("error", c_int),
        ("message", c_char * MESSAGE_SIZE),
    ]


Tell = ctypes.CFUNCTYPE(c_int, POINTER(Peers), c_int, c_void_p)
TellSelf = ctypes.CFUNCTYPE(c_int, POINTER(Self), c_void_p)

_FUNCTIONS = {
    "dstack_p2p_error_text": (c_char_p, [c_int]),
    "dstack_p2p_open": (c_int, [POINTER(c_void_p), c_char_p, c_int, POINTER(Options), c_char_p]),
    "dstack_p2p_close": (None, [c_void_p]),
    "dstack_p2p_instance_id": (c_char_p, [c_void_p]),
    "dstack_p2p_app_id": (c_char_p, [c_void_p]),
    "dstack_p2p_message": (c_char_p, [c_void_p]),
    "dstack_p2p_get_peers": (c_int, [c_void_p, POINTER(POINTER(Peers))]),
    "dstack_p2p_peers_free": (None, [POINTER(Peers)]),
    "dstack_p2p_watch": (c_int, [c_void_p, c_uint, Tell, c_void_p]),
    "dstack_p2p_keep": (c_int, [c_void_p, TellSelf, c_void_p]),
    "dstack_p2p_stop": (None, [c_void_p]),
    "dstack_p2p_register": (c_int, [c_void_p, POINTER(Receipt)]),
    "dstack_p2p_renew": (c_int, [c_void_p, POINTER(Receipt)]),
    "dstack_p2p_account": (c_int, [c_void_p, c_char_p]),
}


def load() -> ctypes.CDLL:
    """The library, by the loader's usual places."""
    library = ctypes.CDLL("libdevproof.so.0")
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library
