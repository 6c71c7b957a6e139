"""``python -m headgate_gateway``."""

from headgate_gateway.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
