#!/bin/sh
# The suite inside a virtual machine: sh .github/suite.sh NAME. Its status goes to status-NAME, so that the run comes home
# also when it fails. Where the suite's tools cannot be installed, dist/probe.py records with whatever Python there is.
name=$1
for candidate in python3.15 python3.14 python3.13 python3.12 python3.11 python3.10 python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
status=0
if [ -n "$python" ] && "$python" -m venv .venv && .venv/bin/python -m pip install --quiet pytest pytest-xdist pytest-timeout; then
    .venv/bin/python -m addrinuse run --record "run-$name.jsonl" --junitxml "junit-$name.xml" || status=$?
else
    echo "::warning::the suite's tools could not be installed here: probe.py records, and judges nothing"
    "${python:-python3}" dist/probe.py --output "run-$name.jsonl" || status=$?
fi
# 6: nothing was wrong, but the platform has no model yet.
if [ "$status" -eq 6 ]; then status=0; fi
echo "$status" > "status-$name"
