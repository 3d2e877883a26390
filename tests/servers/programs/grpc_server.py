"""A gRPC server without services, at 127.0.0.1:50051. It sets SO_REUSEPORT unless it is told not to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

server = import_module("grpc").server(ThreadPoolExecutor(2))
server.add_insecure_port("127.0.0.1:50051")
server.start()
server.wait_for_termination()
