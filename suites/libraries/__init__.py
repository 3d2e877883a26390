"""What installed servers and libraries do, against what is recorded of them. Collected by `tox -e libraries`, not with the suites."""
