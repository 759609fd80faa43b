"""peerlist.py - what every hook shares: the peers file, one run at a time, whole files.

The file's texts come from a chain that strangers write to. What leaves this module has passed a
strict pattern, so that it may stand in a settings file or an argument list.
"""
import fcntl
import ipaddress
import json
import os
import re
import subprocess
import sys
import tempfile
import time

SCHEMA = "devproof.peers/1"
MAX_BYTES = 16 << 20  # ten thousand peers are some 5 MB
MAX_PEERS = 10_000
MAX_TOKEN = (1 << 53) - 1
STALE_S = 30  # the daemon writes every few seconds
LOCK_S = 120

HEX40 = re.compile(r"[0-9a-f]{40}")
HEX_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HTTPS = re.compile(rf"https://((?:{LABEL}\.)+{LABEL})(?::([0-9]{{1,5}}))?/?", re.IGNORECASE)


class NotNow(Exception):
    """The service could not be brought to what the list says; another run may. Exit code 1."""


class Refused(Exception):
    """The file or a setting cannot be acted on; all is left as it is. Exit code 2."""


class Peer:
    """token: int. instance: 40 hex. address: in the tunnels, "" in tls mode. host, port: of its
    https endpoint, "" and 0 in wireguard mode. own: is it this node."""

    def __init__(self, token, instance, own):
        self.token, self.instance, self.own = token, instance, own
        self.address, self.host, self.port = "", "", 0


class List:
    """mode: "tls" or "wireguard". contract, chain: of the cluster. peers: by token."""

    def __init__(self, mode, contract, chain, peers):
        self.mode, self.contract, self.chain, self.peers = mode, contract, chain, peers

    def own(self):
        """This node's peer, or None where it is not in the list."""
        return next((p for p in self.peers if p.own), None)


def say(text):
    # A refused text may hold anything, and a terminal may be what reads this.
    print(f"{_name()}: {ascii(text)[1:-1]}", file=sys.stderr)


def _name():
    return os.path.basename(os.path.dirname(os.path.realpath(sys.argv[0]))) + " hook"


def _integer(value, low, high):
    return type(value) is int and low <= value <= high


def _matches(pattern, value):
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_ip(kind, value):
    try:
        return isinstance(value, str) and str(kind(value)) == value
    except ValueError:
        return False


def _endpoint(text):
    """Host and port of an https endpoint, or None."""
    found = HTTPS.fullmatch(text) if isinstance(text, str) and len(text) <= 300 else None
    if found is None:
        return None
    host, port = found[1].lower(), int(found[2] or 443)
    # An address is no name that a certificate and SNI could be held to.
    if len(host) > 253 or not 0 < port < 65536 or host.rsplit(".", 1)[1].isdigit():
        return None
    return host, port


def _peer(entry, mode):
    """One entry of the list, or None and a word on standard error where it is not usable."""
    if not isinstance(entry, dict) or not _integer(entry.get("tokenId"), 0, MAX_TOKEN):
        raise Refused("the peers file has a peer without a token")
    token = entry["tokenId"]
    if not _matches(HEX40, entry.get("instanceId")):
        raise Refused(f"the peers file has no instance id for token {token}")
    if entry.get("verified") is False:
        return None
    peer = Peer(token, entry["instanceId"], entry.get("self") is True)
    if mode == "wireguard":
        for key, kind in (("address", ipaddress.IPv4Address), ("address6", ipaddress.IPv6Address)):
            if not peer.address and _is_ip(kind, entry.get(key)):
                peer.address = entry[key]
        if not peer.address:
            say(f"token {token} is left out: it has no usable address in the tunnels")
            return None
        return peer
    endpoint = _endpoint(entry.get("endpoint"))
    if endpoint is None:
        say(f"token {token} is left out: its endpoint is no https://name[:port]")
        return None
    peer.host, peer.port = endpoint
    return peer


def read(path):
    """The list in the file, if it is one to act on; raises Refused."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        document = json.loads(data) if len(data) <= MAX_BYTES else None
    except (OSError, ValueError, RecursionError) as err:
        raise Refused(f"the peers file cannot be read: {err}") from err
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise Refused(f"the peers file is not of the schema {SCHEMA}")
    if document.get("error") is not None:
        error = document["error"] if isinstance(document["error"], dict) else {}
        raise Refused(
            f"the list is not current ({error.get('code')}: {error.get('detail')}): "
            "everything is left as it is"
        )
    mode, written, entries = (document.get(key) for key in ("mode", "writtenAtMs", "peers"))
    if (
        mode not in ("tls", "wireguard")
        or not isinstance(entries, list)
        or len(entries) > MAX_PEERS
    ):
        raise Refused("the peers file has no mode, no list, or too long a one")
    if not _matches(HEX_ADDRESS, document.get("contract")) or not _integer(
        document.get("chainId"), 1, MAX_TOKEN
    ):
        raise Refused("the peers file does not name its cluster")
    if not _integer(written, 0, MAX_TOKEN) or time.time() - written / 1000 > STALE_S:
        raise Refused(f"the peers file is older than {STALE_S} s: devproof cluster run has ended")
    peers = [peer for peer in (_peer(entry, mode) for entry in entries) if peer is not None]
    for key in ("token", "instance") + (("address",) if mode == "wireguard" else ()):
        if len({getattr(p, key) for p in peers}) != len(peers):
            raise Refused(f"the peers file has two peers of one {key}")
    if sum(p.own for p in peers) > 1:
        raise Refused("the peers file says of two peers that they are this node")
    peers.sort(key=lambda p: p.token)
    return List(mode, document["contract"].lower(), document["chainId"], peers)


def setting(name, default=None, pattern=r"[A-Za-z0-9/._-]+"):
    """A setting of the environment; without a default it must be there."""
    value = os.environ.get(name) or default
    if value is None:
        raise Refused(f"{name} is not set")
    if re.fullmatch(pattern, value) is None:
        raise Refused(f"{name} is not of the form {pattern}")
    return value


def setting_number(name, default, low=1, high=65535):
    value = setting(name, None if default is None else str(default), r"[0-9]{1,9}")
    if not low <= int(value) <= high:
        raise Refused(f"{name} is not a number from {low} to {high}")
    return int(value)


def url_host(address):
    """An address as it stands before a colon and a port."""
    return f"[{address}]" if ":" in address else address


def run(command, timeout, text=None):
    """Run a program, text its input, and return what it printed; raises NotNow when it fails or
    takes too long."""
    # A daemon's PATH may lack where Debian has its servers.
    env = {**os.environ, "PATH": os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"}
    source = {"input": text} if text is not None else {"stdin": subprocess.DEVNULL}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, check=False, env=env, **source
        )
    except subprocess.TimeoutExpired as err:
        raise NotNow(f"{command[0]} took longer than {timeout} s") from err
    except OSError as err:
        raise Refused(f"{command[0]} cannot be started: {err.strerror}") from err
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise NotNow(f"{command[0]} failed: {said[-500:]}")
    return done.stdout


def content(path):
    """What a file holds, None where there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as err:
        raise Refused(f"{path} cannot be read: {err}") from err


def replace(path, text, mode=0o644):
    """Put a whole file in place of another, or none of it."""
    try:
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path) or ".", prefix=".devproof-")
    except OSError as err:
        raise Refused(f"{path} cannot be written: {err.strerror}") from err
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.rename(temporary, path)
    except OSError as err:
        os.unlink(temporary)
        raise Refused(f"{path} cannot be written: {err.strerror}") from err


def _lock(path):
    """One run at a time: the folder of the peers file stays locked until this process ends."""
    folder = os.open(
        os.path.dirname(os.path.abspath(path)), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    )
    end = time.monotonic() + LOCK_S
    while True:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > end:
                raise NotNow("another run has not ended") from None
            time.sleep(0.1)


def main(act):
    """Call act(list) for the file that the last argument or DSTACK_PEERS_FILE names, and exit."""
    path = sys.argv[-1] if len(sys.argv) > 1 else os.environ.get("DSTACK_PEERS_FILE", "")
    try:
        if not os.path.isfile(path):
            raise Refused("there is no peers file: give its path as the last argument")
        _lock(path)
        # Read only now: what changed while another run went on is in it.
        act(read(path))
    except NotNow as err:
        say(str(err))
        sys.exit(1)
    except (Refused, OSError) as err:
        say(str(err))
        sys.exit(2)
    sys.exit(0)
