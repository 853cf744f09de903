"""Stream maps of the streams that are selected."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from singer_sdk.mapper import PluginMapper
from singer_sdk.singerlib import Catalog

from iterable_api.plugin import stream_maps


def mapper_of(catalog: Catalog, config: Mapping[str, Any], logger: logging.Logger) -> PluginMapper:
    """The mapper of all streams, with the maps of those that the catalog selects.

    The SDK would apply globs to deselected streams, too, which have no columns, and fail because their key is missing.
    """
    maps = config.get(stream_maps.SETTING)
    for name in stream_maps.unmatched(maps, catalog):
        logger.warning("`%s.%s` fits no stream of this tap, and has no effect", stream_maps.SETTING, name)
    mapper = PluginMapper({**config, stream_maps.SETTING: stream_maps.normalised(maps)}, logger)
    for name, entry in catalog.items():
        is_selected = entry.metadata.resolve_selection()[()]
        mapper.stream_maps_dict = stream_maps.normalised(maps, entry.key_properties or ()) if is_selected else {}
        mapper.register_raw_streams_from_catalog(Catalog({name: entry}))
    return mapper
