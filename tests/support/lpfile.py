"""A linear program as text that people can read and compare: one row a line, few digits."""

import numpy as np


def written(lp):
    """Return objective, rows and bounds of a LinearProgram in the style of an LP file."""
    names = [lp.column_name(j) for j in range(lp.n_columns)]
    lines = ["minimise", *_sum(lp.cost, np.arange(lp.n_columns), names, lp.offset)]
    lines.append("subject to")
    for block in lp.rows.values():
        lines.append(f"  \\ {block.name}: {block.doc}")
        for i in range(block.start, block.stop):
            part = slice(lp.matrix.indptr[i], lp.matrix.indptr[i + 1])
            terms = " ".join(_terms(lp.matrix.data[part], lp.matrix.indices[part], names))
            lines.append(f"  {lp.row_name(i)}: {terms} {_side(lp.row_lower[i], lp.row_upper[i])}")
    lines.append("bounds")
    for j, name in enumerate(names):
        whole = " whole" if lp.integer[j] else ""
        lines.append(f"  {lp.lower[j]:.6g} <= {name} <= {lp.upper[j]:.6g}{whole}")
    return "\n".join(lines) + "\n"


def _sum(values, columns, names, offset):
    kept = values != 0
    for term in _terms(values[kept], columns[kept], names):
        yield f"  {term}"
    if offset:
        yield f"  {offset:+.6g}"


def _terms(values, columns, names):
    return [f"{value:+.6g} {names[j]}" for value, j in zip(values, columns, strict=True)]


def _side(low, high):
    if low == high:
        return f"= {low:.6g}"
    parts = []
    if np.isfinite(low):
        parts.append(f">= {low:.6g}")
    if np.isfinite(high):
        parts.append(f"<= {high:.6g}")
    return " ".join(parts) or "free"
