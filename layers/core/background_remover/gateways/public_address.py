"""Which IP addresses are on the public internet, so that a caller of ours may send us there."""

import ipaddress

# `is_global` says yes to some of these, and the others depend on the version of Python:
# https://www.iana.org/assignments/iana-ipv4-special-registry/
_NOT_FOR_HOSTS_4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # behind a provider's NAT
            "127.0.0.0/8",
            "169.254.0.0/16",  # metadata, and what else a cloud has there
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)

# What carries an IPv4 address lies outside of it (mapped, compatible, translated by NAT64), or is named below.
_UNICAST_6 = ipaddress.IPv6Network("2000::/3")
# https://www.iana.org/assignments/iana-ipv6-special-registry/
_NOT_FOR_HOSTS_6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # Teredo, ORCHID, benchmarks and other protocols
            "2001:db8::/32",
            "2002::/16",  # 6to4
            "2620:4f:8000::/48",
            "3fff::/20",
        ),
    )
)
_ISATAP = 0x00005EFE
"""Before the IPv4 address in the last 64 bits: https://www.rfc-editor.org/rfc/rfc5214#section-6.1"""


def is_public(address: str) -> bool:
    """Whether it is one of an ordinary host. A text that is no address is not."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if not parsed.is_global or parsed.is_multicast:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return not any(parsed in network for network in _NOT_FOR_HOSTS_4)
    return (
        parsed in _UNICAST_6
        and parsed.scope_id is None
        and (int(parsed) >> 32) & 0xFDFFFFFF != _ISATAP
        and not any(parsed in network for network in _NOT_FOR_HOSTS_6)
    )
