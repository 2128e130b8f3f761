"""`python -m deployments.cli`: the `backout` command of this checkout, with this interpreter."""

from deployments.cli import main

main()
