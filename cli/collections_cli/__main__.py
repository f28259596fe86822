"""`python -m collections_cli` is the command `collections`."""

from collections_cli.entry import main

if __name__ == "__main__":
    main()
