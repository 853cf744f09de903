"""Where requests go and what they carry: the key goes to Iterable, in its header, and nowhere else."""

import ssl
from pathlib import Path

import pytest
import trustme

from iterable_api.errors import RedirectError, UntrustedServerError
from iterable_api.http.addresses import HOSTS, base_url
from iterable_api.http.client import IterableClient
from tests.api.conftest import KEY, Connect
from tests.scripted_server import Answer, ScriptedServer


def test_the_key_is_in_its_header_and_not_in_the_url_or_the_body(
    client: IterableClient, server: ScriptedServer
) -> None:
    client.get_json("/api/lists", params={"a": "b"})
    client.post_json("/api/users/update", {"email": "ana@example.com"})
    for request in server.requests:
        assert request.headers.get_all("Api-Key") == [KEY]
        assert KEY not in request.target
        assert KEY.encode() not in request.body
        assert [name for name, value in request.headers.items() if KEY in value] == ["Api-Key"]


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_redirect_is_a_clear_error_and_the_key_does_not_follow_it(
    client: IterableClient, server: ScriptedServer, status: int
) -> None:
    with ScriptedServer().running() as elsewhere:
        server.script = [Answer(status, headers={"Location": f"{elsewhere.url}/api/lists?email=ana@example.com"})]
        with pytest.raises(
            RedirectError, match=rf"GET /api/lists answered {status}.*not followed.*`api_url`"
        ) as caught:
            client.get_json("/api/lists")
        assert elsewhere.requests == []
    assert len(server.requests) == 1
    assert "ana@" not in str(caught.value)


@pytest.mark.parametrize("status", [300, 302, 304])
def test_a_redirect_that_leads_nowhere_is_not_taken_for_success(
    client: IterableClient, server: ScriptedServer, status: int
) -> None:
    server.script = [Answer(status, body=b"")]
    with pytest.raises(RedirectError):
        client.request("GET", "/api/lists")


def test_credentials_of_a_netrc_file_are_not_sent(
    connect: Connect, server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    connect().get_json("/api/lists")
    assert server.last.headers["Authorization"] is None
    assert server.last.headers["Api-Key"] == KEY


def test_cookies_are_not_kept(client: IterableClient, server: ScriptedServer) -> None:
    server.script = [Answer(headers={"Set-Cookie": "node=7; Path=/"})]
    client.get_json("/api/lists")
    client.get_json("/api/lists")
    assert server.last.headers["Cookie"] is None


def test_each_region_has_its_host_over_tls() -> None:
    assert base_url("us", None) == "https://api.iterable.com"
    assert base_url("eu", None) == "https://api.eu.iterable.com"
    assert all(host.startswith("https://") for host in HOSTS.values())


@pytest.mark.parametrize("region", ["", "US", "asia"])
def test_an_unknown_region_is_refused_by_the_name_of_its_setting(region: str) -> None:
    with pytest.raises(ValueError, match=r"`region`.*us, eu"):
        base_url(region, None)


@pytest.mark.parametrize(
    ("api_url", "base"),
    [
        ("https://api.iterable.com", "https://api.iterable.com"),
        ("https://api.iterable.com/", "https://api.iterable.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://sandbox:8080", "http://sandbox:8080"),
        ("https://gateway.example.com/iterable/", "https://gateway.example.com/iterable"),
        ("http://notiterable.com", "http://notiterable.com"),
    ],
)
def test_an_api_url_replaces_the_host_of_the_region(api_url: str, base: str) -> None:
    assert base_url("us", api_url) == base


@pytest.mark.parametrize(
    "api_url",
    [
        "",
        "api.iterable.com",
        "ftp://api.iterable.com",
        "https://",
        "https://:443",
        "https://user:secret@host",
        "https://:secret@host",
        "https://@host",
        "https://host?x=1",
        "https://host?",
        "https://host#x",
        "https://host:port",
        "https://host:99999",
        "https://[::1",
        "https://ho st",
        "https://host\n",
        "https://api.iterable.com/api",
        "https://api.iterable.com/api/",
        "http://api.iterable.com",
        "http://API.eu.iterable.com:80",
        "http://iterable.com",
        "HTTP://api.iterable.com",
    ],
)
def test_a_wrong_api_url_is_refused_by_the_name_of_its_setting_without_its_secrets(api_url: str) -> None:
    with pytest.raises(ValueError, match="`api_url`") as caught:
        base_url("us", api_url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["", " ", f"{KEY}\n", f" {KEY}", f"{KEY}\r\nHost: x", "schlüssel", "a key"])
def test_a_key_that_cannot_be_a_header_is_refused_by_the_name_of_its_setting_without_being_shown(key: str) -> None:
    with pytest.raises(ValueError, match="`api_key`") as caught:
        IterableClient(key)
    assert not key.strip() or key.strip() not in str(caught.value)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_a_server_with_an_unknown_certificate_gets_nothing_and_is_not_asked_again(
    connect: Connect, tls: ssl.SSLContext, naps: list[float]
) -> None:
    with ScriptedServer(tls).running() as impostor:
        with pytest.raises(
            UntrustedServerError, match=r"certificate of 127\.0\.0\.1:\d+ .*`api_url`.*REQUESTS_CA_BUNDLE"
        ):
            connect(api_url=impostor.url).post_json("/api/lists", {"name": "x"})
        assert impostor.requests == []
    assert naps == []


def test_a_certificate_authority_of_ones_own_can_be_named_in_the_environment(
    connect: Connect, authority: trustme.CA, tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with ScriptedServer(tls).running() as gateway:
        assert connect(api_url=gateway.url).get_json("/api/lists") == {}
