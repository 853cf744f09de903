"""The settings of target-iterable as JSON Schema. Their titles and descriptions are the documentation."""

from __future__ import annotations

from typing import Any, Final

from iterable_api.plugin.connection_settings import CONNECTION
from iterable_runs.alerts.settings import alert_settings
from iterable_runs.recording.settings import IDENTITIES, RUN_HISTORY
from target_iterable.config.batch_settings import BATCH_SETTINGS
from target_iterable.config.phone_settings import PHONE_SETTINGS
from target_iterable.config.record_settings import RECORD_SETTINGS
from target_iterable.config.route_settings import STREAM_SETTINGS
from target_iterable.config.run_settings import DRY_RUN_SETTINGS, LEDGER_SETTINGS, REPORT_SETTINGS

HIDDEN: Final = ("add_record_metadata", "batch_config", "batch_size_rows", "load_method")
"""Settings that the SDK gives to every target, and that have no meaning here: the mode of a route decides how records
are loaded, `max_batch_rows` how many share a request, and `_sdc_*` columns are never written."""

SETTINGS: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["api_key"],
    "additionalProperties": False,
    "properties": {
        **CONNECTION,
        **STREAM_SETTINGS,
        **RECORD_SETTINGS,
        **PHONE_SETTINGS,
        **BATCH_SETTINGS,
        **LEDGER_SETTINGS,
        **REPORT_SETTINGS,
        **RUN_HISTORY,
        **IDENTITIES,
        **alert_settings("target-iterable"),
        **DRY_RUN_SETTINGS,
    },
}
