"""``probe``: generate reports/probe.py, the one file for systems where nothing else installs."""
import argparse
def configure(parser: argparse.ArgumentParser) -> None:
    pass
def run(args: argparse.Namespace) -> int:
    return 0
