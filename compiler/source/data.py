"""From a spec's data section to the functions of a program that read, split and arrange its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ...spec.spec import Column, Data
from ..catalogue.record import Object
from ..graph import TypedGraph
from ..heads import loss_of
from .code import Calling, Expr, Raw, Statement, Value
from .literals import literal

SPARSE: Final = frozenset({"SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy", "Circle"})
CATEGORICAL: Final = frozenset({"CategoricalCrossentropy", "CategoricalFocalCrossentropy", "CategoricalHinge"})
BINARY: Final = frozenset({"BinaryCrossentropy", "BinaryFocalCrossentropy", "Hinge", "SquaredHinge"})
STANDARD: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(("boston_housing", "california_housing"), ("features", "target")),
    **dict.fromkeys(("imdb", "reuters"), ("text", "label")),
}
"""Data sets of Keras and what their two columns are called; those of pictures have `image` and `label`."""
MISSING: Final = ("", "NA", "N/A", "NaN", "nan", "null")

CSV: Final = '''\
def read(path):
    """The columns of a table by name: cells as text, None where there is no value."""
    with OPEN as file:
        rows = [row for row in csv.reader(file, delimiter=SEPARATORQUOTING) if row]
    cells = [[CELL for cell in row] for row in rows]
    NAMES
    missing = NOTHING
    return {
        name: [None if row[place] in missing else row[place] for row in rows]
        for place, name in enumerate(names)
    }
'''
POINTED: Final = '''\
def pointed(cell):
    """A number with a point for its decimal comma, without the points between thousands."""
    if re.fullmatch(r"[+-]?\\d{1,3}(\\.\\d{3})+(,\\d*)?", cell):
        cell = cell.replace(".", "")
    return re.sub(r"^([+-]?\\d*),(\\d+([eE][+-]?\\d+)?)$", r"\\1.\\2", cell)
'''
NPZ: Final = '''\
def read(path):
    """The arrays of a file by name; the first axis of each is the rows."""
    with np.load(path) as file:
        return {name: file[name] for name in file.files if file[name].ndim}
'''
MATCHING: Final = '''\
def matching(table, pattern):
    """The columns that a pattern fits, those that differ in one number by that number."""
    names = [name for name in table if fnmatch.fnmatchcase(name, pattern)]
    parts = [re.split(r"(\\d+)", name) for name in names]
    if len({len(one) for one in parts}) == 1:
        differ = [place for place, one in enumerate(zip(*parts)) if len(set(one)) > 1]
        if len(differ) == 1 and differ[0] % 2:
            return sorted(
                names, key=lambda name: int(re.split(r"(\\d+)", name)[differ[0]])
            )
    return names
'''
NUMBERS: Final = '''\
def numbers(table, names, shape, dtype):
    """Columns side by side, as one array of rows of a shape."""
    words = {"true": "1", "false": "0"}
    columns = []
    for name in names:
        column = table[name]
        if isinstance(column, list):
            column = [words.get(cell.lower(), cell) for cell in column]
        columns.append(np.asarray(column).astype("float64"))
    rows = columns[0] if len(columns) == 1 else np.stack(columns, axis=-1)
    return rows.reshape(len(rows), *shape).astype(dtype)
'''
WORDS: Final = '''\
def words(table, names, shape):
    """Columns of text side by side, as one array of rows of a shape."""
    rows = np.stack([np.asarray(table[name], dtype=object) for name in names], axis=-1)
    return rows.reshape(len(rows), *shape).astype(str)
'''
LABELS: Final = '''\
def labels(column):
    """The numbers of classes: as they stand there, or of names in alphabetical order."""
    try:
        return np.asarray(column).astype("float64").astype("int32")
    except ValueError:
        names, places = np.unique(np.asarray(column).astype(str), return_inverse=True)
        print("classes:", ", ".join(names))
        return places.astype("int32")
'''
SPLIT: Final = '''\
def split(count, shares, seed):
    """Rows for each share, drawn by chance, and the others; all in order."""
    order = np.random.default_rng(seed).permutation(count)
    parts, start = [], 0
    for share in shares:
        size = max(1, round(count * share)) if share else 0
        parts.append(np.sort(order[start : start + size]))
        start += size
    return np.sort(order[start:]), *parts
'''
STRATIFIED: Final = '''\
def quotas(counts, total):
    """Whole parts of each count that add up to a total."""
    exact = counts * (total / counts.sum())
    whole = np.floor(exact).astype(int)
    largest = np.argsort(whole - exact, kind="stable")
    whole[largest[: total - whole.sum()]] += 1
    return whole


def split(groups, shares, seed):
    """Rows for each share, with every group in it in that share, and the others."""
    random = np.random.default_rng(seed)
    values, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    sizes = [max(1, round(len(groups) * share)) for share in shares if share]
    wanted = [quotas(counts, size) for size in sizes]
    parts = [[] for _ in range(len(sizes) + 1)]
    for place in range(len(values)):
        rows = random.permutation(np.flatnonzero(inverse == place))
        takes = [int(quota[place]) for quota in wanted]
        if len(rows) > len(takes):
            takes = [max(1, take) for take in takes]
            while sum(takes) >= len(rows):
                takes[takes.index(max(takes))] -= 1
        start = 0
        for part, take in zip(parts[1:], takes):
            part.append(rows[start : start + take])
            start += take
        parts[0].append(rows[start:])
    train, *chosen = [np.sort(np.concatenate(part)) for part in parts]
    chosen = iter(chosen)
    return train, *(next(chosen) if share else np.arange(0) for share in shares)
'''
ABSENT: Final = '''\
def absent(column):
    """Which rows have no value: an empty cell, or NaN anywhere in the numbers."""
    if isinstance(column, list):
        return np.array([cell is None for cell in column])
    if column.dtype.kind != "f":
        return np.zeros(len(column), bool)
    return np.isnan(column.reshape(len(column), -1)).any(axis=1)
'''
DROPPED: Final = '''\
def complete(table, names):
    """The table without the rows that lack a value in one of the columns."""
    lack = np.logical_or.reduce([absent(table[name]) for name in names])
    print(f"{lack.sum()} of {len(lack)} rows lack a value and are left out")
    rows = np.flatnonzero(~lack)
    return {
        name: [column[row] for row in rows]
        if isinstance(column, list)
        else column[rows]
        for name, column in table.items()
    }
'''
REQUIRED: Final = '''\
def require(table, names):
    """See that no value is missing."""
    for name in names:
        count = absent(table[name]).sum()
        if count:
            raise ValueError(f"in the column {name} {count} values are missing")
'''
FILLED: Final = '''\
def filled(column, value):
    """A column with a value wherever there is none."""
    if isinstance(column, list):
        return [value if cell is None else cell for cell in column]
    return np.where(absent(column), value, column)
'''


def _names(stated: Sequence[str] | None) -> str:
    """The line that parts names and rows; where the spec names the columns, the first line of the file may be a row."""
    if stated is None:
        return "names, *rows = cells"
    names = literal(list(stated))
    return f"names, *rows = cells if set(cells[0]) <= set({names}) else [{names}, *cells]"


class Reader:
    """The functions that a program needs for its data, and the lines that use them."""

    def __init__(self, typed: TypedGraph, data: Data, path: str) -> None:
        self.typed = typed
        self.data = data
        self.path = path
        self.functions: list[str] = []
        self.modules: set[str] = set()
        self.kind = data.source["type"]
        if self.kind not in ("csv", "npz", "keras"):
            message = f"a program of its own reads csv, npz and Keras' data sets, not {self.kind}"
            raise Problem(Finding("E110", message, (*data.pointer, "source", "type"),
                                  help="leave out `--train`, and read the data in a way of your own"))  # fmt: skip
        for place in without(data):
            message = f"a program of its own does without `{place[-1]}` of the data"
            raise Problem(Finding("E110", message, (*data.pointer, *place), "key",
                                  help="leave out `--train`, and train with `keraspec train`"))  # fmt: skip
        self.standard = STANDARD.get(data.source.get("name", ""), ("image", "label")) if self.kind == "keras" else None

    def need(self, function: str, *modules: str) -> None:
        """Have a function in the program."""
        if function not in self.functions:
            self.functions.append(function)
        self.modules.update(modules)

    def table(self) -> Iterator[Statement]:
        """Read the source into ``table``."""
        from .code import Assign, Line

        if self.kind == "keras":
            features, target = self.standard or ("image", "label")
            name = self.data.source["name"]
            yield Line(f"(x_train, y_train), (x_test, y_test) = keras.datasets.{name}.load_data()")
            yield Line("table = {")
            yield Line(f'    "{features}": np.concatenate([x_train, x_test]),')
            yield Line(f'    "{target}": np.concatenate([y_train.reshape(-1), y_test.reshape(-1)]),')
            yield Line("}")
        else:
            source = self.data.source
            if self.kind == "csv":
                packed = str(source["path"]).lower().endswith(".gz")
                opening = ('gzip.open(path, "rt", newline="", encoding="utf-8-sig")' if packed
                           else 'open(path, newline="", encoding="utf-8-sig")')  # fmt: skip
                separator = literal(source.get("separator", ","))
                quoting = "" if source.get("quotes", True) else ", quoting=csv.QUOTE_NONE"
                text = CSV.replace("OPEN", opening).replace("SEPARATORQUOTING", f"{separator}{quoting}")
                text = text.replace("NAMES", _names(source.get("columns")))
                comma = source.get("decimal", ".") == ","
                text = text.replace("CELL", "pointed(cell.strip())" if comma else "cell.strip()")
                if comma:
                    self.need(POINTED, "re")
                text = text.replace("NOTHING", literal(set_of(source.get("missing_values", MISSING))))
                self.need(text, "csv", *(("gzip",) if packed else ()))
            else:
                self.need(NPZ)
            yield Assign(("table",), Calling("read", (Raw(self.path),)))

    def columns(self, column: Column | None, name: str, standard: int) -> Expr:
        """The columns of an input or a target."""
        if column is None or column.columns is None:
            chosen = name
            alone = len(self.typed.graph.spec.inputs) if standard == 0 else len(self.typed.graph.outputs)
            if self.standard is not None and alone == 1 and name not in self.standard:
                chosen = self.standard[standard]
            return Value([chosen])
        globs = [any(sign in one for sign in "*?[") for one in column.columns]
        if not any(globs):
            return Value(list(column.columns))
        self.need(MATCHING, "fnmatch", "re")
        if len(column.columns) == 1:
            return Raw(f"matching(table, {literal(column.columns[0])})")
        parts = (f"*matching(table, {literal(one)})" if glob else literal(one)
                 for one, glob in zip(column.columns, globs, strict=True))  # fmt: skip
        return Raw(f"[{', '.join(parts)}]")

    def input(self, name: str) -> Expr:
        """The rows of an input."""
        stated = self.typed.graph.nodes[name].input
        assert stated is not None
        shape = tuple(size if isinstance(size, int) else -1 for size in stated.shape or ())
        columns = self.columns(self.data.inputs.get(name), name, 0)
        if stated.dtype == "string":
            self.need(WORDS)
            return Calling("words", (Raw("table"), columns, Value(shape)))
        self.need(NUMBERS)
        return Calling("numbers", (Raw("table"), columns, Value(shape), Value(stated.dtype)))

    def target(self, name: str, loss: Any) -> Expr:
        """The rows that an output is compared with."""
        tensor = self.typed.tensor(self.typed.graph.outputs[name])
        shape = () if tensor is None else tuple(size if isinstance(size, int) else -1 for size in tensor.shape[1:])
        found: Object | None = None if loss is None else loss_of(loss, shape[-1] if shape else None)
        kind = "" if found is None else found.record.name
        column = self.data.targets.get(name)
        encode = column.encode if column is not None else None
        columns = self.columns(column, name, 1)
        single = isinstance(columns, Value) and len(columns.value) == 1
        first = f"table[{literal(columns.value[0])}]" if isinstance(columns, Value) else ""
        units = shape[-1] if shape else 1
        if single and (encode == "one_hot" or (encode is None and kind in CATEGORICAL and units > 1)):
            self.need(LABELS)
            return Raw(f'np.eye({units}, dtype="float32")[labels({first})]')
        if kind in SPARSE:
            if single:
                self.need(LABELS)
                return Raw(f"labels({first})" + (_reshaped(shape[:-1]) if len(shape) > 1 else ""))
            self.need(NUMBERS)
            return Calling("numbers", (Raw("table"), columns, Value(shape[:-1]), Value("int32")))
        if single and (encode == "index" or (kind in BINARY and units == 1)):
            self.need(LABELS)
            return Raw(f'labels({first}).astype("float32"){_reshaped(shape)}')
        self.need(NUMBERS)
        return Calling("numbers", (Raw("table"), columns, Value(shape), Value("float32")))


def without(data: Data) -> Iterator[Pointer]:
    """What a data section says and no program is written for."""
    yield from ((key,) for key in ("window", "augment", "sample_weight") if getattr(data, key))
    yield from (("split", key) for key in (*data.split.columns, *data.split.sources))
    if data.split.folds is not None:
        yield ("split", "folds")
    if data.on_error != "stop":
        yield ("on_error",)
    for column in (*data.inputs.values(), *data.targets.values()):
        stated = ("decode", "pad", "augment") if not column.buckets or column.pad else ("decode", "buckets", "augment")
        keys = ("pad" if key == "buckets" else key for key in stated if getattr(column, key))
        yield from ((*column.pointer[1:], key) for key in keys)
    if any(sign in str(data.source.get("path", "")) for sign in "*?["):
        yield ("source", "path")


def _reshaped(shape: tuple[int, ...]) -> str:
    return f".reshape({literal((-1, *shape))})" if shape else ""


def set_of(values: Any) -> tuple[str, ...]:
    """Texts as they may be looked up, each once."""
    return tuple(dict.fromkeys(values))
