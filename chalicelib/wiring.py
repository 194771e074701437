"""Environment in, one House out: the only place that reads os.environ."""

import os
import time
from collections.abc import Mapping
from functools import cache

from chalicelib.core.house import House, Settings
