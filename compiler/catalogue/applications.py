"""Catalogue: ``keras.applications``, whole networks called like a layer.

Each family of architectures has its file in ``architectures``; it is listed here once it has one.
"""

from __future__ import annotations

from typing import Final

from .architectures import (
    convnext,
    densenet,
    efficientnet,
    efficientnet_v2,
    inception,
    inception_resnet,
    mobilenet,
    mobilenet_v3,
    nasnet,
    resnet,
    vgg,
    xception,
)
from .record import Record

APPLICATIONS: Final[tuple[Record, ...]] = (
    *resnet.APPLICATIONS,
    *vgg.APPLICATIONS,
    *mobilenet.APPLICATIONS,
    *mobilenet_v3.APPLICATIONS,
    *xception.APPLICATIONS,
    *densenet.APPLICATIONS,
    *inception.APPLICATIONS,
    *inception_resnet.APPLICATIONS,
    *nasnet.APPLICATIONS,
    *efficientnet.APPLICATIONS,
    *efficientnet_v2.APPLICATIONS,
    *convnext.APPLICATIONS,
)
