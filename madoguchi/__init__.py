"""Madoguchi (窓口): one shared desk."""

import os

# Several processes share the processors: a second BLAS thread waits for its turn and made one sentence cost 80 ms
# of processor time instead of 4 (docs/benchmarks.md). It must stand here before numpy is loaded; who sets it, wins.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
