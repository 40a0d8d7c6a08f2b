"""Catalogue: callbacks, what happens between the steps and epochs of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .kinds import BOOLEAN, COUNT, NUMBER, Kind, choice, either, integer, nullable, number
from .record import REQUIRED, Argument, ArgumentError, Record
from .refusal import Because, base_class, refused
from .training_arguments import PATH, STEPS

MONITORED: Final = Kind({"type": "string", "minLength": 1}, 'the name of a measured value, such as "val_loss"')
MONITOR: Final = Argument("monitor", MONITORED, "val_loss", "The measured value that decides.")
VERBOSE: Final = Argument("verbose", integer(0, 2), 0, "1 prints a line whenever it acts, 0 nothing.")
MODE: Final = Argument(
    "mode", choice("auto", "min", "max"), "auto", "Whether lower or higher is better; auto tells by the value."
)
SAVE_FREQ: Final = Argument(
    "save_freq", either(choice("epoch"), STEPS), "epoch", "When it saves: after every epoch, or every so many steps."
)
BEST_ONLY: Final = Argument("save_best_only", BOOLEAN, False, "Whether only a model better than all before is saved.")
THRESHOLD: Final = Argument(
    "initial_value_threshold", nullable(NUMBER), None, "Saves only what is better than this to begin with."
)


def _file_ending(arguments: Mapping[str, Any]) -> None:
    path, weights = arguments["filepath"], arguments["save_weights_only"]
    if weights and not path.endswith(".weights.h5"):
        raise ArgumentError(
            "filepath",
            f'with `save_weights_only` the file must end in ".weights.h5", found "{path}"',
            help=f'write `filepath = "{_stem(path)}.weights.h5"`',
            other="save_weights_only",
        )
    if not weights and not path.endswith((".keras", ".h5")):
        raise ArgumentError(
            "filepath",
            f'the file of a whole model must end in ".keras", found "{path}"',
            help=f'write `filepath = "{_stem(path)}.keras"`',
        )


def _stem(path: str) -> str:
    for ending in (".weights.h5", ".keras", ".h5", ".hdf5", ".ckpt"):
        path = path.removesuffix(ending)
    return path


def _profile_in_order(arguments: Mapping[str, Any]) -> None:
    batches = arguments["profile_batch"]
    if not isinstance(batches, int) and batches[0] > batches[1]:
        raise ArgumentError(
            "profile_batch",
            f"profiling cannot stop at step {batches[1]} before it starts at step {batches[0]}",
            help=f"write `profile_batch = [{batches[1]}, {batches[0]}]`",
        )


def _page(name: str) -> str:
    return "callbacks/" + {
        "BackupAndRestore": "backup_and_restore",
        "CSVLogger": "csv_logger",
        "EarlyStopping": "early_stopping",
        "LambdaCallback": "lambda_callback",
        "LearningRateScheduler": "learning_rate_scheduler",
        "ModelCheckpoint": "model_checkpoint",
        "ProgbarLogger": "progbar_logger",
        "ReduceLROnPlateau": "reduce_lr_on_plateau",
        "RemoteMonitor": "remote_monitor",
        "SwapEMAWeights": "swap_ema_weights",
        "TerminateOnNaN": "terminate_on_nan",
    }.get(name, name.lower())


def _callback(name: str, summary: str, *arguments: Argument, check: Any = None) -> Record:
    return Record(name=name, family="callbacks", summary=summary, page=_page(name), arguments=arguments, check=check)


def _refused(name: str, summary: str, reason: str, instead: str, because: Because) -> Record:
    return refused("callbacks", name, _page(name), summary, reason, instead, because)


_PROFILED: Final = Kind(
    {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 2},
    "a list of the first and the last step",
    lambda value: (int(value[0]), int(value[1])),
)
_METADATA: Final = Kind(
    {"type": "object", "additionalProperties": dict(PATH.schema)},
    "a table LAYER = path",
)

CALLBACKS = (
    _callback(
        "EarlyStopping",
        "Ends training when a measured value has stopped getting better.",
        MONITOR,
        Argument("min_delta", number(minimum=0), 0, "A smaller change than this counts as none."),
        Argument("patience", COUNT, 0, "How many epochs without getting better are waited."),
        VERBOSE,
        MODE,
        Argument("baseline", nullable(NUMBER), None, "A value that must be beaten for training to go on."),
        Argument(
            "restore_best_weights", BOOLEAN, False, "Whether the weights of the best epoch are put back at the end."
        ),
        Argument("start_from_epoch", COUNT, 0, "How many epochs pass before it starts to look."),
    ),
    _callback(
        "ModelCheckpoint",
        "Saves the model, or its weights, in the course of training.",
        Argument(
            "filepath",
            PATH,
            REQUIRED,
            'Where to, inside the run folder: "best.keras"; may hold {epoch:02d} and measured values.',
        ),
        MONITOR,
        VERBOSE,
        BEST_ONLY,
        Argument("save_weights_only", BOOLEAN, False, "Whether only the weights are saved, without the architecture."),
        MODE,
        SAVE_FREQ,
        THRESHOLD,
        check=_file_ending,
    ),
    _callback(
        "ReduceLROnPlateau",
        "Lowers the learning rate when a measured value has stopped getting better.",
        MONITOR,
        Argument("factor", number(above=0, below=1), 0.1, "What the learning rate is multiplied by."),
        Argument("patience", COUNT, 10, "How many epochs without getting better are waited."),
        VERBOSE,
        MODE,
        Argument("min_delta", number(minimum=0), 0.0001, "A smaller change than this counts as none."),
        Argument("cooldown", COUNT, 0, "How many epochs of rest follow each time it has acted."),
        Argument("min_lr", number(minimum=0), 0.0, "The learning rate goes no lower than this."),
    ),
    _callback(
        "CSVLogger",
        "Writes the measured values of every epoch to a table.",
        Argument("filename", PATH, REQUIRED, 'Where to, inside the run folder: "log.csv".'),
        Argument(
            "separator",
            Kind({"type": "string", "minLength": 1, "maxLength": 1}, "one character"),
            ",",
            "What stands between columns.",
        ),
        Argument("append", BOOLEAN, False, "Whether a file that is there already is continued."),
    ),
    _callback(
        "TensorBoard",
        "Writes what the program TensorBoard shows: curves, histograms, the graph, profiles.",
        Argument("log_dir", PATH, "logs", "The folder, inside the run folder."),
        Argument("histogram_freq", COUNT, 0, "Every how many epochs histograms of weights are written; 0 is never."),
        Argument("write_graph", BOOLEAN, True, "Whether the model is kept for display as a diagram."),
        Argument("write_images", BOOLEAN, False, "Whether weights are written as pictures."),
        Argument("write_steps_per_second", BOOLEAN, False, "Whether the speed of training is written."),
        Argument(
            "update_freq",
            either(choice("epoch", "batch"), STEPS),
            "epoch",
            "When values are written: every epoch, every step, or every so many steps.",
        ),
        Argument(
            "profile_batch", either(COUNT, _PROFILED), 0, "Which step is profiled, or from which to which; 0 is none."
        ),
        Argument("embeddings_freq", COUNT, 0, "Every how many epochs embeddings are written; 0 is never."),
        Argument(
            "embeddings_metadata", nullable(either(PATH, _METADATA)), None, "Files with the labels of the embeddings."
        ),
        check=_profile_in_order,
    ),
    _callback(
        "TerminateOnNaN",
        "Ends training as soon as the loss is no number any more.",
        Argument("raise_error", BOOLEAN, False, "Whether it ends with an error instead of quietly."),
    ),
    _callback(
        "BackupAndRestore",
        "Keeps a copy of weights and optimizer, and goes on from it if training was interrupted.",
        Argument("backup_dir", PATH, REQUIRED, "A folder of its own, inside the run folder; it is deleted at the end."),
        SAVE_FREQ,
        Argument(
            "double_checkpoint", BOOLEAN, False, "Whether the copy before is kept as well, in case one is damaged."
        ),
        Argument("delete_checkpoint", BOOLEAN, True, "Whether the folder is deleted when training is done."),
    ),
    _callback(
        "SwapEMAWeights",
        "Uses the running average of the weights for validation and saving; needs an optimizer with `use_ema = true`.",
        Argument(
            "swap_on_epoch",
            BOOLEAN,
            False,
            "Whether weights are swapped around each epoch's end, not only around validation.",
        ),
    ),
    _callback(
        "OrbaxCheckpoint",
        "Saves checkpoints in the format of the Orbax library, while training goes on; needs orbax-checkpoint.",
        Argument("directory", PATH, REQUIRED, "A folder of its own, inside the run folder."),
        MONITOR,
        VERBOSE,
        BEST_ONLY,
        MODE,
        SAVE_FREQ,
        THRESHOLD,
        Argument("max_to_keep", nullable(STEPS), 1, "How many of the latest are kept; none: all."),
        Argument("save_on_background", BOOLEAN, True, "Whether training goes on while it is written."),
        Argument("save_weights_only", BOOLEAN, False, "Whether only the weights are saved, without the optimizer."),
    ),
    _callback("History", "Collects the measured values; Keras always does so, and the run folder keeps them."),
    _callback(
        "ProgbarLogger", "Keras' own progress bar; it stays silent, for keraspec shows progress in a way of its own."
    ),
    _refused(
        "LearningRateScheduler",
        "Asks a Python function for the learning rate of every epoch.",
        "it needs a Python function",
        "put a schedule as the optimizer's `learning_rate` instead, "
        'such as { type = "CosineDecay", initial_learning_rate = 0.001, decay_steps = 10000 }',
        "callable",
    ),
    _refused(
        "LambdaCallback",
        "Calls Python functions at points of the training.",
        "it needs Python functions, and a spec is data",
        "train with `keraspec.build` and your own `fit` for that",
        "callable",
    ),
    _refused(
        "RemoteMonitor",
        "Sends measured values to an address on the network.",
        "a spec opens no network connections",
        "use CSVLogger or TensorBoard and send on what they write",
        "code",
    ),
    _refused(
        "CallbackList",
        "Holds other callbacks and calls one after the other.",
        "it is the Python object that Keras makes of `callbacks`, with the model in it",
        "list the callbacks themselves under `callbacks`",
        "callable",
    ),
    base_class("callbacks", "Callback", "callbacks/base_callback", "callback", "MyCallback"),
)
