"""Calls of webhooks over TLS and from a process of its own, and the URLs that merge tags make."""

from __future__ import annotations

import signal
import ssl
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import trustme
from hypothesis import given
from hypothesis import strategies as st

from iterable_sandbox.webhooks.destination import MERGE_TAGS, fill_merge_tags
from tests.sandbox.hooked import calls, hooked, target
from tests.sandbox.test_cli import KEY, serving
from tests.scripted_server import Answer, Request, ScriptedServer


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_receiver_over_tls_is_called_only_if_its_certificate_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_trusted: bool
) -> None:
    ours, another = trustme.CA(), trustme.CA()
    (ours if is_trusted else another).cert_pem.write_to_path(bundle := tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.issue_cert("127.0.0.1").configure_cert(context)
    with ScriptedServer(context).running() as server, hooked(server, webhook_pauses=()) as http:
        target(http)
        assert len(calls(http, server)) == is_trusted
        [attempt] = http.sandbox.attempts()
        assert (attempt.status, attempt.problem) == ((200, None) if is_trusted else (None, "SSLError"))


def test_passwords_and_proxies_of_the_machine_are_not_used(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password s3cr3t\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("no_proxy", "")
    with hooked(server) as http:
        http.session.trust_env = False
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        target(http)
        [call] = calls(http, server)
        assert call.headers["Authorization"] is None


def test_a_served_sandbox_ends_quietly_while_a_receiver_hangs(server: ScriptedServer) -> None:
    came, release = threading.Event(), threading.Event()

    def hang(_: Request) -> Answer:
        came.set()
        release.wait(60)
        return Answer()

    server.after = hang
    with serving("--settings", '{"webhook_timeout": 60}') as (process, url):
        requests.post(f"{url}/_sandbox/webhooks", json={"endpoint": f"{server.url}/hook"}, timeout=10)
        headers = {"Api-Key": KEY}
        list_id = requests.post(f"{url}/api/lists", json={"name": "x"}, headers=headers, timeout=10).json()["listId"]
        body = {"listId": list_id, "subscribers": [{"email": f"a{number}@example.com"} for number in range(30)]}
        requests.post(f"{url}/api/lists/subscribe", json=body, headers=headers, timeout=10)
        assert came.wait(10)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=20)
        assert (process.returncode, output, errors) == (0, "", "")
    release.set()


@given(st.dictionaries(st.sampled_from(MERGE_TAGS), st.one_of(st.none(), st.integers(), st.text())))
def test_whatever_a_merge_tag_stands_for_arrives_as_it_is(tags: dict[str, object]) -> None:
    endpoint = "https://example.com/in?" + "&".join(f"{tag}={{{{{tag}}}}}" for tag in MERGE_TAGS)
    url = fill_merge_tags(endpoint, tags)
    assert url.isascii()
    query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    assert query == {tag: ["" if tags.get(tag) is None else str(tags[tag])] for tag in MERGE_TAGS}
