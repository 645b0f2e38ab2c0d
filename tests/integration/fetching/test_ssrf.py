"""Whatever a user names as an image's URL: nobody is connected to but hosts on the public internet."""

from collections.abc import Iterator

import pytest

from background_remover.domain.image_errors import ImageUrlRefusedError
from background_remover.gateways.image_download import download
from tests.integration.fetching.web import HOST, OTHER_HOST, SOMEWHERE, Web, ok, redirect

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

REFUSED_AS_THEY_ARE = {
    # schemes
    "plain http": "http://images.example.com/cat.jpg",
    "no scheme": "images.example.com/cat.jpg",
    "no scheme but slashes": "//images.example.com/cat.jpg",
    "a file": "file:///etc/passwd",
    "gopher": "gopher://images.example.com:443/_GET",
    "ftp": "ftp://images.example.com/cat.jpg",
    "data": "data:image/png;base64,iVBORw0KGgo=",
    "a scheme in a scheme": "url:https://images.example.com/",
    "a local socket": "http+unix://%2Fvar%2Frun%2Fdocker.sock/info",
    "nothing": "",
    "no host": "https:///cat.jpg",
    "a single slash": "https:/images.example.com/cat.jpg",
    # addresses in all notations
    "loopback": "https://127.0.0.1/",
    "loopback, abbreviated": "https://127.1/",
    "loopback, decimal": "https://2130706433/",
    "loopback, octal": "https://0177.0.0.1/",
    "loopback, one octal number": "https://017700000001/",
    "loopback, hexadecimal": "https://0x7f000001/",
    "loopback, hexadecimal parts": "https://0x7f.0x0.0x0.0x1/",
    "loopback, mixed parts": "https://0x7f.1/",
    "loopback with a dot at its end": "https://127.0.0.1./",
    "loopback in full width": "https://１２７．０．０．１/",
    "loopback in circles": "https://①②⑦.⓪.⓪.①/",
    "loopback with ideographic full stops": "https://127。0。0。1/",
    "loopback, percent-encoded": "https://%31%32%37.0.0.1/",
    "loopback in IPv6": "https://[::1]/",
    "loopback in long IPv6": "https://[0:0:0:0:0:0:0:1]/",
    "loopback, mapped": "https://[::ffff:127.0.0.1]/",
    "loopback, mapped, in hexadecimal": "https://[::ffff:7f00:1]/",
    "unspecified": "https://0.0.0.0/",
    "unspecified, abbreviated": "https://0/",
    "unspecified in IPv6": "https://[::]/",
    "metadata": "https://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "metadata, decimal": "https://2852039166/",
    "metadata, hexadecimal": "https://0xa9fea9fe/",
    "metadata, octal parts": "https://0251.0376.0251.0376/",
    "metadata, too large a number": "https://425.510.425.510/",
    "metadata in IPv6": "https://[fd00:ec2::254]/",
    "metadata of containers": "https://169.254.170.2/v2/credentials",
    "the functions' runtime": "https://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
    "an interface's scope": "https://[fe80::1%25eth0]/",
    "a future address": "https://[v1.a]/",
    "a public address": "https://93.184.215.14/",
    # names that are none on the internet
    "localhost": "https://localhost/",
    "localhost in capitals": "https://LOCALHOST/",
    "localhost with a dot": "https://localhost./",
    "localhost in full width": "https://ｌｏｃａｌｈｏｓｔ/",
    "a name without a dot": "https://metadata/",
    "two dots": "https://images..example.com/",
    "two dots at the end": "https://images.example.com../",
    "a dot before": "https://.example.com/",
    "too long a name": f"https://{'a.' * 127}com/",
    "too long a label": f"https://{'a' * 64}.com/",
    "a name with an emoji": "https://😀.example.com/",
    # who is it that is called?
    "a user": "https://images.example.com@127.0.0.1/",
    "a user and a password": "https://user:password@images.example.com/cat.jpg",
    "an empty user": "https://@images.example.com/cat.jpg",
    "an encoded at sign": "https://images.example.com%40127.0.0.1/",
    "two at signs": "https://a@b@images.example.com/",
    "a backslash before an at sign": "https://images.example.com\\@127.0.0.1/",
    "backslashes": "https:\\\\images.example.com\\cat.jpg",
    "a tab": "https://127.0.0\t.1/",
    "a line break": "https://images.example.com/\r\nHost: 127.0.0.1/",
    "a line break in the host": "https://images.example.com\n.evil.example/",
    "a space": "https://images.example.com /",
    "a space before": " https://images.example.com/",
    "a null": "https://images.example.com\x00.evil.example/",
    "a half surrogate": "https://images.example.com/\ud800",
    "a host that becomes a path": "https://images.example.com\u2100evil.example/",
    "a bracket that is not closed": "https://[::1/",
    "too long": f"https://images.example.com/{'a' * 2048}",
    # ports
    "SSH": "https://images.example.com:22/",
    "Redis": "https://images.example.com:6379/",
    "the port of http": "https://images.example.com:80/",
    "another port of https": "https://images.example.com:8443/",
    "port 0": "https://images.example.com:0/",
    "too large a port": "https://images.example.com:65979/",
    "a port that is no number": "https://images.example.com:https/",
    "a port in other digits": "https://images.example.com:４４３０/",
    "two ports": "https://images.example.com:443:22/",
}

NO_PUBLIC_ADDRESSES = (
    *("0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.254"),  # noqa: S104 nothing listens there
    *("10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1"),
    *("100.64.0.1", "100.127.255.254", "100.100.100.200"),
    *("169.254.169.254", "169.254.169.253", "169.254.170.2", "169.254.0.1"),
    *("192.0.0.1", "192.0.0.9", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("192.88.99.1", "192.31.196.1", "192.52.193.1", "192.175.48.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:93.184.215.14", "::127.0.0.1", "::5db8:d70e"),
    *("::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::a9fe:a9fe"),
    *("2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::", "2001::ffff:ffff:ffff", "2001:10::1", "2001:2::1"),
    *("2001:db8::1", "3fff::1", "100::1", "5f00::1", "4000::1", "2620:4f:8000::1"),
    *("fc00::1", "fd00:ec2::254", "fd00:ec2::23", "fe80::1", "fe80::1%eth0", "2606:2800::1%eth0", "fec0::1"),
    *("ff02::1", "ff0e::1", "2606:2800:220:1:0:5efe:7f00:1", "2606:2800:220:1:200:5efe:a9fe:a9fe"),
    *("no address", "", "127.1"),
)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(ok(b"a secret")).serving() as web:
        yield web


def assert_nobody_was_connected_to(web: Web) -> None:
    assert (web.called, web.connections) == ([], 0)


@pytest.mark.parametrize("url", REFUSED_AS_THEY_ARE.values(), ids=REFUSED_AS_THEY_ARE.keys())
def test_a_url_of_that_kind_is_refused_before_anybody_is_asked(web: Web, url: str) -> None:
    with pytest.raises(ImageUrlRefusedError):
        download(web.https(), url)

    assert_nobody_was_connected_to(web)
    assert web.looked_up == []


@pytest.mark.parametrize("address", NO_PUBLIC_ADDRESSES)
def test_a_name_with_an_address_that_is_not_public_is_not_connected_to(web: Web, address: str) -> None:
    web.names[HOST] = [[address]]

    with pytest.raises(ImageUrlRefusedError):
        download(web.https(), f"https://{HOST}/cat.jpg")

    assert_nobody_was_connected_to(web)


@pytest.mark.parametrize("answer", [[SOMEWHERE, "127.0.0.1"], ["127.0.0.1", SOMEWHERE], [SOMEWHERE, "::1"]])
def test_a_name_with_a_public_address_and_another_is_not_connected_to(web: Web, answer: list[str]) -> None:
    web.names[HOST] = [answer]

    with pytest.raises(ImageUrlRefusedError):
        download(web.https(), f"https://{HOST}/cat.jpg")

    assert_nobody_was_connected_to(web)


def test_a_name_that_changes_between_two_look_ups_is_looked_up_once_and_connected_to_as_it_was(web: Web) -> None:
    web.names[HOST] = [[SOMEWHERE], ["127.0.0.1"]]

    assert download(web.https(), f"https://{HOST}/cat.jpg") == b"a secret"

    assert (web.looked_up, web.called) == ([HOST], [SOMEWHERE])


def test_a_name_that_changes_before_a_redirect_to_itself_is_not_connected_to_again(web: Web) -> None:
    web.answers = [redirect("/again")]
    web.names[HOST] = [[SOMEWHERE], ["169.254.169.254"]]

    with pytest.raises(ImageUrlRefusedError):
        download(web.https(), f"https://{HOST}/cat.jpg")

    assert web.called == [SOMEWHERE]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_a_private_name_is_not_followed(web: Web, status: int) -> None:
    web.answers = [redirect(f"https://{OTHER_HOST}/", status)]
    web.names[OTHER_HOST] = [["10.0.0.1"]]

    with pytest.raises(ImageUrlRefusedError):
        download(web.https(), f"https://{HOST}/cat.jpg")

    assert (web.called, web.connections) == ([SOMEWHERE], 1)


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/latest/meta-data/",
        f"http://{OTHER_HOST}/cat.jpg",
        f"https://{OTHER_HOST}:8443/cat.jpg",
        f"https://user@{OTHER_HOST}/cat.jpg",
        "//127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https:\\\\127.0.0.1/",
        "file:///etc/passwd",
        "https://[::1",
        "//[",
    ],
)
def test_a_redirect_is_refused_as_the_url_itself_would_be(web: Web, location: str) -> None:
    web.answers = [redirect(location)]

    with pytest.raises(ImageUrlRefusedError):
        download(web.https(), f"https://{HOST}/cat.jpg")

    assert (web.called, web.connections) == ([SOMEWHERE], 1)


def test_a_refusal_says_what_is_wrong_and_what_to_do(web: Web) -> None:
    with pytest.raises(ImageUrlRefusedError) as refusal:
        download(web.https(), f"https://{HOST}:22/")

    assert refusal.value.detail == (
        "The image's URL, or where it redirects to, names another port than 443. "
        "Name an https address on the public internet."
    )
