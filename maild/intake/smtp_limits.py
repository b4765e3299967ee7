"""What clients may have of the listener: sessions, commands, errors, time, tries at a password."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_IPV6_PREFIX_BITS = 64
_REMEMBERED_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """Bounds of one session that no operator needs to change."""

    command_bytes: int = 12_288
    """Longest command line: the largest that a standard allows (RFC 4954 §4)."""
    commands: int = 5000
    """Commands between two mails that were taken."""
    errors: int = 20
    """Refused commands (5xx) of a session; on LMTP, where the peer is our own, without bound."""
    rate_grace_seconds: float = 30.0
    """How long a mail may take before its rate is looked at."""
    watch_seconds: float = 5.0
    """How often a session is looked at for idleness and rate."""
    linger_seconds: float = 5.0
    """How long the last reply may take to be read."""
    handshake_seconds_max: float = 10.0
    """How long a TLS handshake may take."""
    stop_handshake_seconds: float = 5.0
    """How long a stop waits for a TLS handshake that has begun."""
    dropped_bytes: int = 64 * 1024 * 1024
    """How much of a mail beyond the size limit is read in order to answer it properly."""
    auth_failures: int = 5
    """Wrong passwords from one address in `auth_window_seconds`."""
    auth_window_seconds: float = 60.0
    spooled_mails: int = 2
    """Large mails that are in memory as a whole at the same time."""


def client_key(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or a /64 of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((int(parsed), _IPV6_PREFIX_BITS), strict=False).network_address)


class Networks:
    """A list of networks in CIDR form that an address can lie in."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        """Read the networks; raise ValueError on what is none."""
        self._networks: tuple[IPv4Network | IPv6Network, ...] = tuple(
            ip_network(text, strict=False) for text in texts
        )

    def __contains__(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
        return any((mapped or parsed) in network for network in self._networks)


class Gate:
    """Counts open sessions, together and by client."""

    def __init__(self, connections: int, connections_per_client: int) -> None:
        """Allow so many sessions at once."""
        self._total_max = connections
        self._client_max = connections_per_client
        self._clients: Counter[str] = Counter()
        self.open = 0

    @property
    def is_full(self) -> bool:
        """Tell whether not one more session has room."""
        return self.open >= self._total_max

    def enter(self, client: str, *, is_spared: bool) -> bool:
        """Let a session in, or say no; `is_spared` clients have no bound of their own."""
        if self.is_full or (not is_spared and self._clients[client] >= self._client_max):
            return False
        self.open += 1
        self._clients[client] += 1
        return True

    def leave(self, client: str) -> None:
        """Take note that a session that was let in has ended."""
        self.open -= 1
        self._clients[client] -= 1
        if self._clients[client] <= 0:
            del self._clients[client]


class Failures:
    """Remembers wrong passwords by client for a while, of a bounded number of clients."""

    def __init__(self, tries: int, window_seconds: float) -> None:
        """Allow so many failures in a window."""
        self._tries = tries
        self._window = window_seconds
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def is_barred(self, client: str, now: float) -> bool:
        """Tell whether a client must wait before it may try again."""
        times = self._times.get(client)
        if times is None:
            return False
        while times and times[0] <= now - self._window:
            times.popleft()
        return len(times) >= self._tries

    def add(self, client: str, now: float) -> None:
        """Note a failure."""
        self._times.setdefault(client, deque(maxlen=self._tries)).append(now)
        self._times.move_to_end(client)
        if len(self._times) > _REMEMBERED_MAX:
            self._times.popitem(last=False)
