"""How often the answer page may be asked: counted in each web process, in the store that sign-in counts in, too."""

import ipaddress
import time
from dataclasses import dataclass

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest


@dataclass(frozen=True)
class Limit:
    """At most ``times`` in each span of ``seconds``."""

    name: str
    times: int
    seconds: int

    def passed(self, key: str) -> bool:
        """Count one more for ``key``; whether that is more than may be."""
        slot = f"answer:{self.name}:{key}:{int(time.time() // self.seconds)}"
        cache.add(slot, 0, self.seconds)
        try:
            return cache.incr(slot) > self.times
        except ValueError:  # the store made room by forgetting it
            return False


# Many contacts of one company come from one address, and so does the scanner that opens each link of its mails.
ADDRESS = Limit("address", 240, 60)
UNKNOWN = Limit("unknown", 30, 60)  # addresses that try links which we did not make
LINK = Limit("link", 30, 60)
SENT = Limit("sent", 20, 3600)  # what is sent by one link: it may enter contacts and send mails to them


def address_of(request: HttpRequest) -> str:
    """Where a request comes from, as sign-in sees it; of IPv6 the network, since one house has all of that."""
    written = get_adapter().get_client_ip(request)
    address = ipaddress.ip_address(written)
    return str(ipaddress.ip_network(f"{address}/64", strict=False) if address.version == 6 else address)
