"""The connection settings, which tap and target share, as JSON Schema; and the client that they make."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from difflib import get_close_matches
from typing import Any, Final

from iterable_api.facts.identity import ProjectType
from iterable_api.http.addresses import HOSTS
from iterable_api.http.client import Attempt, IterableClient
from iterable_api.http.stalling import CONNECT_TIMEOUT, MIN_BYTES_PER_SECOND, STALL_TIMEOUT
from iterable_api.plugin import stream_maps
from iterable_api.rate_limits.limiter import DocumentedLimits, RateLimiter, Unlimited
from iterable_api.rate_limits.state_store import open_store
from iterable_api.waiting.cancellation import PROCESS
from iterable_api.waiting.retry_policy import LOCK_TIMEOUT, REQUEST

CONNECTION: Final[Mapping[str, Mapping[str, Any]]] = {
    "api_key": {
        "type": "string",
        "minLength": 1,
        "secret": True,
        "writeOnly": True,
        "title": "API key",
        "description": "A server-side API key of the Iterable project. Read-only keys can neither export nor write.",
    },
    "region": {
        "type": "string",
        "enum": list(HOSTS),
        "default": "us",
        "title": "Region",
        "description": "The data centre that the project is in. A key works in its own data centre only.",
    },
    "api_url": {
        "type": ["string", "null"],
        "title": "API URL",
        "description": "The address of the API, instead of the region's host: for a sandbox or a proxy.",
    },
    "project_type": {
        "type": "string",
        "enum": [kind.value for kind in ProjectType],
        "default": ProjectType.EMAIL.value,
        "title": "Project type",
        "description": "The identifier that is unique for each user of the project. Iterable shows it in the project's "
        "settings.",
    },
    "enforce_rate_limits": {
        "type": "boolean",
        "default": True,
        "title": "Enforce rate limits",
        "description": "Stay under Iterable's documented limits. Turn off only for a sandbox without limits.",
    },
    "rate_limit_store": {
        "type": ["string", "null"],
        "secret": True,
        "title": "Rate limit store",
        "description": "A store for the state of the limits that all processes for one project share: a SQLite file on "
        "this machine, or a URL such as postgresql://user@host/database or redis://host. All processes that use it "
        "have one budget. By default each process keeps the limits for itself.",
    },
    "rate_limit_project": {
        "type": ["string", "null"],
        "minLength": 1,
        "title": "Rate limit project",
        "description": "A name for the project, where several projects of an organisation use one `rate_limit_store`: "
        "all processes with the same name have one budget. Export jobs have one for the whole store, as Iterable runs "
        "four at a time for an organisation.",
    },
    "max_tries": {
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "default": REQUEST.attempts,
        "title": "Maximum tries",
        "description": "How often a request is sent that gets no answer, or one that says that Iterable is in trouble. "
        "1 means no second time. A request that would do harm twice is sent once, whatever is set.",
    },
    "longest_wait_seconds": {
        "type": "integer",
        "minimum": 1,
        "maximum": 3600,
        "default": REQUEST.longest_wait,
        "title": "Longest wait in seconds",
        "description": "The longest pause between two tries of a request; pauses double from one second up to it. "
        "Where an answer has a `Retry-After`, that is the pause instead, up to 5 minutes.",
    },
    "stall_timeout_seconds": {
        "type": "integer",
        "minimum": 1,
        "maximum": 86400,
        "default": STALL_TIMEOUT,
        "title": "Stall time-out in seconds",
        "description": "How long Iterable may take to begin an answer, and how long the rest of it may stand still or "
        f"only drip, at less than {MIN_BYTES_PER_SECOND} bytes a second. Then the answer is broken off and asked for "
        "again. An answer that goes on coming may take as long as it likes.",
    },
    "lock_timeout_seconds": {
        "type": "integer",
        "minimum": 1,
        "maximum": 3600,
        "default": LOCK_TIMEOUT,
        "title": "Lock time-out in seconds",
        "description": "How long to wait for another process that has locked a database of this plugin: the one of "
        "`rate_limit_store`, and the target's `ledger`; and, in the middle of a run, for such a database to come back.",
    },
    "user_agent": {
        "type": ["string", "null"],
        "title": "User agent",
        "description": "The header `User-Agent` of requests. By default the name and version of this plugin.",
    },
}


def unknown_settings(config: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Errors that are found before the SDK checks the values: names that are not known, and secrets of another type.

    The SDK would show the value of such a secret, and would suggest no name.
    """
    for name in config.keys() - known:
        nearest = get_close_matches(name, known, n=1, cutoff=0.7)
        yield f"`{name}` is no setting." + (f" Did you mean `{nearest[0]}`?" if nearest else "")
    for name, schema in known.items():
        if schema.get("secret") and name in config and config[name] is not None:
            kind = next((kind for kind in _SECRETS if kind in schema.get("type", ())), "string")
            is_right, wanted = _SECRETS[kind]
            if not is_right(config[name]):
                yield f"`{name}` must be {wanted}."


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


_SECRETS: Final[Mapping[str, tuple[Callable[[object], bool], str]]] = {
    "array": (_are_texts, "a list of texts, none of them empty"),
    "object": (lambda value: isinstance(value, dict), "an object"),
    "string": (lambda value: isinstance(value, str), "a text: put quotes around it"),
}
"""Type of a secret setting -> whether a value is right, and what it must be."""


def connect(
    config: Mapping[str, Any],
    user_agent: str,
    on_attempt: Callable[[Attempt], None] | None = None,
    make: Callable[..., IterableClient] = IterableClient,
    on_answer: Callable[[int], None] | None = None,
) -> IterableClient:
    """Make a client for the project of the settings; nothing is sent yet.

    Args:
        config: the settings.
        user_agent: the header of this name, unless the settings have another.
        on_attempt: see `IterableClient`.
        make: the class, or a function that takes the same arguments.
        on_answer: see `IterableClient`.

    Raises:
        ValueError: naming the setting that is wrong.
    """
    return make(
        config["api_key"],
        region=config["region"],
        api_url=config.get("api_url"),
        limiter=_limiter(config),
        user_agent=config.get("user_agent") or user_agent,
        timeout=(CONNECT_TIMEOUT, config["stall_timeout_seconds"]),
        max_tries=config["max_tries"],
        longest_wait=config["longest_wait_seconds"],
        on_attempt=on_attempt,
        on_answer=on_answer,
    )


def _limiter(config: Mapping[str, Any]) -> RateLimiter:
    if not config["enforce_rate_limits"]:
        return Unlimited()
    location = config.get("rate_limit_store")
    store = open_store(location, config["lock_timeout_seconds"]) if location else None
    return DocumentedLimits(store=store, sleep=PROCESS.sleep, project=config.get("rate_limit_project") or "")


def describe_sdk_settings(properties: MutableMapping[str, Any]) -> None:
    """Describe the settings that the SDK adds to those of a plugin."""
    for name, description in _SDK_DESCRIPTIONS.items():
        if name in properties:
            properties[name] = {**properties[name], "description": description}
    if stream_maps.SETTING in properties:
        # The SDK's schema refuses forms of null, and a part of it is no schema: `stream_maps.problems` is the check.
        for keyword in ("properties", "additionalProperties"):
            properties[stream_maps.SETTING].pop(keyword, None)


_SDK_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "stream_maps": "Rename streams, compute, drop or mask columns and filter records before they are handed on: stream "
    "-> column -> expression. The SDK's page on stream maps, https://sdk.meltano.com/en/latest/stream_maps.html, has "
    "the syntax. Where it writes `null`, write `__NULL__`: Meltano loses nulls of `meltano.yml`. A stream that is "
    "`__NULL__`, or that `__else__` leaves out, is not handed on; a tap still reads it and moves its bookmark, so "
    "deselect what should not be read.",
    "stream_map_config": "Values that the expressions of `stream_maps` can use as `config['name']`.",
    "faker_config": "The `seed` and `locale` of `fake`, with which expressions of `stream_maps` make up names and "
    "addresses. It wants the extra `faker` of the package.",
    "flattening_enabled": "Turn objects into columns of their own, `a: {b: 1}` into `a__b: 1`, as deep as "
    "`flattening_max_depth` says. The schema of the stream must name what is in the object; one without names there "
    "becomes JSON text.",
    "flattening_max_depth": "How many levels of objects to flatten. `flattening_enabled` wants it.",
    "flattening_max_key_length": "Shorten names of flattened columns that are longer than this, for databases with "
    "short column names.",
    "flattening_separator": "What stands between the parts of a flattened column's name, `__` if nothing is set.",
    "batch_config": "Write files and tell the target where they are, instead of a message for each record: `encoding` "
    "(`format` is `jsonl`, or `parquet` with the extra `parquet` of the package; `compression`) and `storage` (`root` "
    "is a folder or URL, `prefix` begins the names). The target must understand BATCH messages.",
    "validate_records": "Check each record against the schema of its stream, and reject those that do not fit.",
}
