"""`python -m tools` writes all files that are made from the code; `--check` only tells which are out of date."""

from tools import (
    architecture,
    dbt_streams,
    definitions,
    objects,
    readme,
    runs,
    sandbox,
    settings_page,
    streams,
    troubleshooting,
    webhooks,
)
from tools.crossed import pages as crossed
from tools.generated import main

main(
    {
        **architecture.files(),
        **crossed.files(),
        **dbt_streams.files(),
        **definitions.files(),
        **objects.files(),
        **readme.files(),
        **runs.files(),
        **sandbox.files(),
        **settings_page.files(),
        **streams.files(),
        **troubleshooting.files(),
        **webhooks.files(),
    }
)
