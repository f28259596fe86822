"""Runs the vendors' stand-ins: `python -m local.models --port 8790`. Listens on 127.0.0.1 only."""

import argparse
import sys
import traceback

import uvicorn

from local.models.server import create_app


def main() -> int:
    """Serve until told to stop; 1 when the models could not be loaded."""
    parser = argparse.ArgumentParser(prog="python -m local.models", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--instant", action="store_true", help="answer at once, without reading the text in images")
    options = parser.parse_args()
    port: int = options.port
    instant: bool = options.instant

    failed = False

    def stop(error: BaseException) -> None:
        nonlocal failed
        traceback.print_exception(error)
        failed = True
        server.should_exit = True

    config = uvicorn.Config(
        create_app(stop, instant=instant), host="127.0.0.1", port=port, log_level="warning", access_log=False
    )
    server = uvicorn.Server(config)
    server.run()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
