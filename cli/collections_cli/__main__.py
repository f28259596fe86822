"""`python -m collections_cli` is the command `collections`."""

from collections_cli.main import app

if __name__ == "__main__":
    app()
