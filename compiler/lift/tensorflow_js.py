"""From the ``model.json`` of TensorFlow.js to Saved.

Its layers are those of Keras 2, in the words of Keras 2; a converted model holds what Keras had written, under
``modelTopology``. The weights lie in other files, which ``weightsManifest`` names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .keras_3 import read_keras_3
from .legacy import read_legacy
from .network import Place, Saved, Unreadable
from .reading import table, version_of

TOPOLOGY: Final = "modelTopology"
GRAPH: Final = "graph-model"
"""The format of models that were not Keras models when they were converted."""


def read_tensorflow_js(model_json: Mapping[str, Any]) -> Saved:
    """The model that a ``model.json`` of TensorFlow.js states.

    Raises:
        Unreadable: with everything that can't be read, or that today's Keras has no words for.

    Source: https://github.com/tensorflow/tfjs/tree/master/tfjs-layers
    """
    written = model_json.get(TOPOLOGY)
    if model_json.get("format") == GRAPH or (isinstance(written, Mapping) and "node" in written):
        raise Unreadable(
            "this is a graph of TensorFlow, in which no layers are left",
            ("format",) if "format" in model_json else (TOPOLOGY,),
            help="convert the Keras model itself: `tensorflowjs_converter --input_format=keras`",
        )
    topology = table(written, (TOPOLOGY,), f"`{TOPOLOGY}`")
    config = topology.get("model_config")
    place: Place = (TOPOLOGY, "model_config")
    if not isinstance(config, Mapping):
        config, place = topology, (TOPOLOGY,)
    training = config.get("training_config", topology.get("training_config", model_json.get("trainingConfig")))
    version = topology.get("keras_version", config.get("keras_version"))
    version = version if isinstance(version, str) else ""
    training = training if isinstance(training, Mapping) else None
    if version_of(version) >= (3,):
        return read_keras_3(config, training, version)
    return read_legacy(config, training, version or None, at=place)
