"""What all tests share: TensorFlow's own kernels, so that numbers are the same in every process of a test."""

from __future__ import annotations

import os

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
