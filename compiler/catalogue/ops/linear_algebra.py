"""Catalogue: operations on whole matrices, the last two axes of a tensor; the axes before are a batch of them.

FLOPs are those of the textbook algorithms (Golub and Van Loan, Matrix Computations, 4th edition, the tables of
sections 3.2, 4.2, 5.2, 7.5, 8.3 and 8.6), the highest power only, so a rough measure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...sizes import Size, known, minimum, product, same
from ...tensor import Shape, shape_text
from ..kinds import BOOLEAN, choice, nullable
from ..kinds import number as value
from ..record import Argument, Call, Inferred, Record, Rule, ShapeError
from .fitting import alike, fixed, meet, ranked, real, spread
from .literals import rows
from .operands import Operand, given, op, operand, several, tensor

SINGLE: Final = ("float32", "float64")
HALF: Final = ("float16", "float32", "float64")
"""What TensorFlow has kernels for; it has them in half precision for some algorithms only."""
X: Final = (tensor("x", "Matrices, in the last two axes."),)


def matrices(call: Call, name: str = "x", dtypes: tuple[str, ...] = SINGLE) -> Operand:
    """The operand, which must have a matrix in its last two axes.

    Raises:
        ShapeError: E301 or E304 if it has none, or not of these dtypes.
    """
    x = operand(call, name)
    ranked(call, x, 2, "takes matrices in the last two axes", name)
    real(call, x, name, dtypes)
    return x


def square(call: Call, name: str = "x", dtypes: tuple[str, ...] = SINGLE) -> tuple[Operand, Size]:
    """The operand, whose matrices must be square, and their size.

    Raises:
        ShapeError: E302 if they are not; E305 where only one of the two sizes is known.
    """
    x = matrices(call, name, dtypes)
    rows, columns = x.shape[-2:]
    size = meet(rows, columns)
    if size is None:
        raise ShapeError(
            "E302",
            f"{call.layer.record.name} takes square matrices in the last two axes, found {shape_text(x.shape)}",
            help="the batch axis is not one of the two: matrices of a batch have three axes or more; "
            "`ops.pinv`, `ops.qr` and `ops.svd` take matrices of any shape",
            port=name if name in call.tensors else None,
        )
    if known(rows) != known(columns):
        raise ShapeError(
            "E305",
            f"{call.layer.record.name} takes square matrices, but only one of the sizes {rows} and {columns} of "
            f"{shape_text(x.shape)} is known",
            help="write the number for both in the input's `shape`",
            port=name if name in call.tensors else None,
        )
    return x, size


def squares(cost: Callable[[Size], Size], dtypes: tuple[str, ...] = SINGLE, *, axes: int = 2) -> Rule:
    """A rule: (…, n, n) → the same shape, or without the last ``2 - axes`` axes; ``cost`` for each matrix."""

    def rule(call: Call) -> Inferred:
        x, size = square(call, "x", dtypes)
        shape = x.shape if axes == 2 else x.shape[:-2]
        return given(shape, x.dtype, product(x.shape[:-2]) * cost(size))

    return rule


def logdet(call: Call) -> Inferred:
    """(…, n, n) → (…), for matrices that are symmetric with eigenvalues above 0; n³/3."""
    x, size = square(call)
    return given(x.shape[:-2], x.dtype, product(x.shape[:-2]) * (size**3 // 3 + size))


def slogdet(call: Call) -> Inferred:
    """(…, n, n) → the sign, (…), and the logarithm of the absolute value, (…); 2n³/3.

    Keras announces a single number for the sign.
    """
    x, size = square(call)
    cost = product(x.shape[:-2]) * (2 * size**3 // 3)
    return several([x.shape[:-2]] * 2, [x.dtype] * 2, cost)


def eig(call: Call) -> Inferred:
    """(…, n, n) → eigenvalues (…, n) and eigenvectors (…, n, n), both complex, which Keras does not announce; 25n³."""
    x, size = square(call)
    dtype = "complex64" if x.dtype == "float32" else "complex128"
    return several([x.shape[:-1], x.shape], [dtype] * 2, product(x.shape[:-2]) * 25 * size**3)


def eigh(call: Call) -> Inferred:
    """(…, n, n), symmetric → eigenvalues (…, n) and eigenvectors (…, n, n); 9n³."""
    x, size = square(call)
    return several([x.shape[:-1], x.shape], [x.dtype] * 2, product(x.shape[:-2]) * 9 * size**3)


def lu_factor(call: Call) -> Inferred:
    """(n, n) → both factors in one matrix, (n, n), and where each row went, (n,) whole numbers; 2n³/3.

    Raises:
        ShapeError: E301 for a batch of matrices, which TensorFlow fails at.
    """
    x = matrices(call)
    if x.rank != 2:
        raise ShapeError(
            "E301",
            f"ops.lu_factor takes one matrix on TensorFlow and no batch of them, found {shape_text(x.shape)}",
            help="`ops.qr` takes batches; systems of equations are solved by `ops.solve`",
            port="x",
        )
    rows = fixed(call, x.shape[0], x.shape, "takes a matrix apart")
    columns = fixed(call, x.shape[1], x.shape, "takes a matrix apart")
    if rows != columns:
        raise ShapeError(
            "E302",
            f"ops.lu_factor takes a square matrix on TensorFlow, found {shape_text(x.shape)}",
            help="`ops.qr` takes matrices of any shape",
            port="x",
        )
    return several([x.shape, (rows,)], [x.dtype, "int32"], 2 * rows**3 // 3)


def _thin(m: Size, n: Size) -> Size:
    """m·n·min(m, n), which most algorithms for matrices that are not square are measured by."""
    return m * n * minimum(m, n)


def matrix_rank(call: Call) -> Inferred:
    """(…, m, n) → (…) whole numbers: how many rows are independent; 4·m·n·min(m, n), by singular values."""
    x = matrices(call)
    return given(x.shape[:-2], "int32", product(x.shape[:-2]) * 4 * _thin(*x.shape[-2:]))


def pinv(call: Call) -> Inferred:
    """(…, m, n) → (…, n, m); 14·m·n·min(m, n), by singular values and vectors."""
    x = matrices(call)
    *front, rows, columns = x.shape
    return given((*front, columns, rows), x.dtype, product(front) * 14 * _thin(rows, columns))


def qr(call: Call) -> Inferred:
    """(…, m, n) → (…, m, k) upright and (…, k, n) triangular, k the smaller of m and n; 4·m·n·k.

    ``mode = "complete"``: (…, m, m) and (…, m, n).
    """
    x = matrices(call, "x", HALF)
    *front, m, n = x.shape
    why = "needs the sizes of its matrices"
    rows, columns = fixed(call, m, x.shape, why), fixed(call, n, x.shape, why)
    k = min(rows, columns) if call["mode"] == "reduced" else rows
    cost = product(front) * 4 * rows * columns * k
    return several([(*front, rows, k), (*front, k, columns)], [x.dtype] * 2, cost)


def svd(call: Call) -> Inferred:
    """(…, m, n) → (…, m, m), singular values (…, k) and (…, n, n), k the smaller of m and n.

    Without ``full_matrices`` (…, m, k) and (…, k, n); without ``compute_uv`` the values alone. 14·m·n·k with the
    vectors, 4·m·n·k without.
    """
    x = matrices(call)
    *front, m, n = x.shape
    why = "needs the sizes of its matrices"
    rows, columns = fixed(call, m, x.shape, why), fixed(call, n, x.shape, why)
    k = min(rows, columns)
    values: Shape = (*front, k)
    cost = product(front) * (14 if call["compute_uv"] else 4) * rows * columns * k
    if not call["compute_uv"]:
        return given(values, x.dtype, cost)
    u, v = (rows, columns) if call["full_matrices"] else (k, k)
    return several([(*front, rows, u), values, (*front, v, columns)], [x.dtype] * 3, cost)


def solving(triangular: bool) -> Rule:
    """A rule: (…, n, n) and (…, n, k) or (…, n) → what the second is: the solutions of the equations.

    A triangle may have fewer axes in front than the right sides have. 2n³/3 + 2n²k, or n²k for triangles.
    """

    def rule(call: Call) -> Inferred:
        a, size = square(call, "a")
        b = operand(call, "b")
        ranked(call, b, 1, "needs a right side", "b")
        real(call, b, "b", SINGLE)
        alike(call, a=a, b=b)
        vectors = b.rank == a.rank - 1
        more = b.rank - a.rank if triangular else 0
        if not vectors and b.rank != a.rank and more < 1:
            raise ShapeError(
                "E301",
                f"{call.layer.record.name} needs as many axes in `b` as in `a` (columns) or one less (a vector), found "
                f"{shape_text(a.shape)} and {shape_text(b.shape)}",
                help="put an axis in with `ops.expand_dims`",
                port="b" if "b" in call.tensors else "a",
            )
        rows = b.shape[-1] if vectors else b.shape[-2]
        front = b.shape[:-1] if vectors else b.shape[:-2]
        behind = (1,) * more + tuple(a.shape[:-2])
        joined = [(spread if triangular else meet)(one, other) for one, other in zip(behind, front, strict=True)]
        fits = all(
            both is not None and same(both, there) is not False for both, there in zip(joined, front, strict=True)
        )
        if more == 1 and (same(b.shape[-1], size) is False or known(b.shape[-1]) != known(size)):
            raise ShapeError(
                "E302",
                f"ops.solve_triangular takes `b` with one axis more than `a` only if it has {size} columns, found "
                f"{shape_text(a.shape)} and {shape_text(b.shape)}",
                help="give `a` as many axes as `b`, with `ops.expand_dims`",
                port="b" if "b" in call.tensors else "a",
            )
        alone = not vectors and more < 1
        if meet(rows, size) is None or not fits or (alone and known(rows) != known(size)):
            raise ShapeError(
                "E302",
                f"{call.layer.record.name} needs a right side for each of {size} equations: `a` is "
                f"{shape_text(a.shape)} and `b` {shape_text(b.shape)}",
                help="the axes before the last two, and the number of rows, must be the same in both",
                port="b" if "b" in call.tensors else "a",
            )
        columns = 1 if vectors else b.shape[-1]
        once = size * size * columns if triangular else 2 * size**3 // 3 + 2 * size * size * columns
        return given(b.shape, b.dtype, product(front) * once)

    return rule


def lstsq(call: Call) -> Inferred:
    """(m, n) and (m, k) or (m,) → (n, k) or (n,): the best solution of m equations; 14·m·n·min(m, n) + 2·m·n·k.

    Raises:
        ShapeError: E301, E302, E304; E307 where ``rcond`` must be stated, for it is made of m and n.
    """
    a, b = matrices(call, "a"), operand(call, "b")
    real(call, b, "b", SINGLE)
    alike(call, a=a, b=b)
    if a.rank != 2 or b.rank not in (1, 2):
        raise ShapeError(
            "E301",
            f"ops.lstsq takes one matrix and one or two axes of right sides, found {shape_text(a.shape)} and "
            f"{shape_text(b.shape)}",
            help="for a batch of systems multiply with `ops.pinv` by `ops.matmul`",
            port="a" if a.rank != 2 else "b",
        )
    m, n = a.shape
    if meet(m, b.shape[0]) is None or known(m) != known(b.shape[0]):
        raise ShapeError(
            "E302",
            f"ops.lstsq needs a right side for each equation: `a` {shape_text(a.shape)} has {m}, `b` "
            f"{shape_text(b.shape)} {b.shape[0]}",
            help="both must have as many rows",
            port="b" if "b" in call.tensors else "a",
        )
    if call["rcond"] is None and not (known(m) and known(n)):
        raise ShapeError(
            "E307",
            f"without `rcond` ops.lstsq makes it of the sizes of the matrix, and those of {shape_text(a.shape)} are "
            "not all known",
            help="write `rcond = 1e-6`, below which parts count as noise",
            argument="rcond",
        )
    k = b.shape[1] if b.rank == 2 else 1
    return given((n, *b.shape[1:]), a.dtype, 14 * _thin(m, n) + 2 * m * n * k)


UPPER: Final = Argument("upper", BOOLEAN, False, "Whether the triangle is the upper one, not the lower.")
BELOW: Final = nullable(value(minimum=0))
SYSTEM: Final = (rows("a", "The matrices of the equations."), rows("b", "The right sides."))


def _record(name: str, summary: str, rule: Rule, *arguments: Argument) -> Record:
    return op(name, summary, X, rule, arguments, home="linalg")


def _cube(numerator: int, denominator: int = 1) -> Callable[[Size], Size]:
    return lambda n: numerator * n**3 // denominator


OPS: Final = (
    _record("cholesky", "Takes positive symmetric matrices apart into a triangle times itself.", squares(_cube(1, 3)),
            UPPER),
    _record("cholesky_inverse", "Inverts matrices of which the Cholesky triangle is given.", squares(_cube(2)), UPPER),
    _record("det", "Computes the determinants of matrices.", squares(_cube(2, 3), axes=0)),
    _record("inv", "Inverts matrices.", squares(_cube(2), HALF)),
    _record("eig", "Computes eigenvalues and eigenvectors, as complex numbers.", eig),
    _record("eigh", "Computes eigenvalues and eigenvectors of symmetric matrices.", eigh),
    _record("lu_factor", "Takes a matrix apart into a lower and an upper triangle.", lu_factor),
    _record("matrix_rank", "Counts the independent rows of matrices.", matrix_rank,
            Argument("tol", BELOW, None, "Singular values up to this count as 0; none: by the size of the largest.")),
    _record("pinv", "Inverts matrices as far as that goes (Moore and Penrose).", pinv,
            Argument("rcond", BELOW, None, "Singular values up to this share of the largest count as 0; none: by "
                     "the precision.")),
    _record("qr", "Takes matrices apart into an upright one and a triangle.", qr,
            Argument("mode", choice("reduced", "complete"), "reduced", "Whether only as many columns as are needed are "
                     "computed, or all.")),
    _record(
        "svd", "Takes matrices apart into singular values and the vectors on both sides.", svd,
        Argument("full_matrices", BOOLEAN, True, "Whether all vectors are computed, or only those of singular values."),
        Argument("compute_uv", BOOLEAN, True, "Whether vectors are computed at all."),
    ),
    op("solve", "Solves systems of linear equations.", SYSTEM, solving(triangular=False), home="linalg"),
    op(
        "solve_triangular", "Solves systems of linear equations whose matrix is a triangle.", SYSTEM,
        solving(triangular=True),
        (Argument("lower", BOOLEAN, False, "Whether the triangle is the lower one, not the upper."),), home="linalg",
    ),
    op(
        "lstsq", "Solves linear equations, of which there may be too many, as well as can be.", SYSTEM, lstsq,
        (Argument("rcond", BELOW, None, "Singular values up to this share of the largest count as 0; none: by the "
                  "precision and the size."),),
        home="linalg",
    ),
    op("logdet", "Computes the logarithm of the determinant of positive symmetric matrices.", X, logdet, home="math"),
    op("slogdet", "Computes the sign of determinants and the logarithm of their absolute value.", X, slogdet),
)  # fmt: skip
