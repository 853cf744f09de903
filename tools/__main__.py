"""`python -m tools`: write all files that are made from the code; with `--check`, only tell whether they are up to date."""

from tools import definitions, readme
from tools.generated import main

main({**definitions.files(), **readme.files()})
