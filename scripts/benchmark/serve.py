"""One application behind one uvicorn worker, on a listening socket it is handed: `python -m ...serve NAME SCENARIO FD`.

It may not know who loads it.
"""

import socket
import sys
import warnings

import uvicorn

from . import frameworks


def main(framework: str, scenario: str, descriptor: str) -> None:
    application = frameworks.build(framework, scenario)
    if application is None:
        raise SystemExit(f"{framework} has no application for {scenario}")
    config = uvicorn.Config(application, loop="uvloop", http="httptools", log_level="error", access_log=False)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(descriptor))])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])
