"""The crash harness: clients note what was acknowledged outside of the place that is hurt; then it is compared.

    .venv/bin/pytest tests/crash -m "not long"      50 seeded kill points, power losses and faults: a minute or two
    .venv/bin/pytest tests/crash -s                 with `CONGVU_CRASH_POINTS=2000` points; -s prints the counts
    CONGVU_CRASH_SEED=7 .venv/bin/pytest …          other points; a failure names its seed and point

`acts.py`    what is done to a store (deliver, append, move, expunge, queue run, seal, collect, create), from a seed
`book.py`    the ledger of it: begun, acknowledged, and what must therefore be there once; `check` compares
`tracer.py`  a child under strace: counts its system calls, kills it at the n-th, makes one fail, or records all of them
`power.py`   power loss: a recorded run is played again up to any call, and what was not synced is thrown away
`service.py` the same faults for a whole `congvu serve`, with real SMTP, LMTP, IMAP and webmail clients
`ledger.py`  clients that deliver by LMTP to a service, as many at once as one likes
"""
