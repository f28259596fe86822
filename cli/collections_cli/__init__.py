"""Collections from the command line, and as a Python client: `collections_cli.client.Client`."""
