"""`python -m kamao.worker`: the worker process."""

import sys

from kamao.worker.main import main

sys.exit(main())
