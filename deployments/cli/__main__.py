"""`python -m deployments.cli`: the `backout` command where it is not installed."""

from deployments.cli import main

if __name__ == "__main__":
    main()
