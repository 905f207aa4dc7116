"""Programs of sites set beside a portfolio's own rows, as one program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
from scipy import sparse

from dcmodel.arrays import ColumnBlock, LinearProgram, RowBlock
from dcmodel.optimise.affine import ROUTED, SiteProgram


def beside(
    m: pyo.ConcreteModel, own: LinearProgram, programs: Sequence[SiteProgram]
) -> LinearProgram:
    """Join a portfolio's rows and the programs of its sites.

    Parameters
    ----------
    m : Pyomo model
        Sizes and routing (`dcmodel.optimise.portfolio`).
    own : LinearProgram
        Compiled from `m`.
    programs : sequence of SiteProgram

    Returns
    -------
    LinearProgram
        Columns and rows of `own` first. The routed work of a site is put in for its deviation from
        the expected work; names of a site's columns, rows and terms begin with the site's.
    """
    kept = [_kept_columns(program) for program in programs]
    starts = np.cumsum([own.n_columns, *(len(columns) for columns in kept)])
    n = int(starts[-1])
    row_starts = np.cumsum([own.n_rows, *(program.lp.n_rows for program in programs)])
    matrices, terms = [_widened(own.matrix, n)], [_widened(own.terms, n)]
    columns, rows = dict(own.columns), dict(own.rows)
    for k, program in enumerate(programs):
        tie = _tie(m, own, program, kept[k], int(starts[k]), n)
        matrices.append(program.lp.matrix @ tie - _growth(m, own, program, n))
        terms.append(program.lp.terms @ tie + _fixed_cost(m, own, program, n))
        columns |= _column_blocks(program, int(starts[k]))
        rows |= _row_blocks(program, int(row_starts[k]))
    lps = [program.lp for program in programs]
    matrix = sparse.csr_array(sparse.vstack(matrices, format="csr"))
    matrix.sort_indices()
    stacked = sparse.csr_array(sparse.vstack(terms, format="csr"))
    offset = np.concatenate([own.term_offset, *(np.zeros(lp.terms.shape[0]) for lp in lps)])
    names = own.term_names + tuple(f"{p.name}.{t}" for p in programs for t in p.lp.term_names)
    repeated = np.tile(own.weights, len(names))

    def of_columns(field: str) -> Any:
        parts = [getattr(p.lp, field)[at] for p, at in zip(programs, kept, strict=True)]
        return np.concatenate([getattr(own, field), *parts])

    def of_rows(field: str) -> Any:
        return np.concatenate([getattr(own, field), *(getattr(lp, field) for lp in lps)])

    return replace(
        own,
        cost=stacked.T @ repeated,
        offset=float(offset @ repeated),
        matrix=matrix,
        row_lower=of_rows("row_lower"),
        row_upper=of_rows("row_upper"),
        lower=of_columns("lower"),
        upper=of_columns("upper"),
        integer=of_columns("integer"),
        columns=columns,
        rows=rows,
        column_year=of_columns("column_year"),
        row_year=of_rows("row_year"),
        couples_years=of_rows("couples_years"),
        terms=stacked,
        term_offset=offset,
        term_names=names,
        term_categories=own.term_categories + tuple(c for lp in lps for c in lp.term_categories),
    )


def _kept_columns(program: SiteProgram) -> Any:
    """Return the columns of a site's program without those of its routed work."""
    keep = np.ones(program.lp.n_columns, dtype=bool)
    keep[program.lp.column(ROUTED)] = False
    return np.flatnonzero(keep)


def _tie(
    m: pyo.ConcreteModel, own: LinearProgram, program: SiteProgram, kept: Any, start: int, n: int
) -> Any:
    """Return a site's columns as combinations of the joint ones, shape (columns, n).

    The deviation is ``sum of the routed work - expected use * installed IT``.
    """
    deviation = program.lp.column(ROUTED)
    at = np.arange(deviation.start, deviation.stop)
    site_at, joint, value = [kept], [start + np.arange(len(kept))], [np.ones(len(kept))]
    for block in m.group.values():
        members = list(block.SITES)
        if program.name in members:
            routed = np.arange(own.n_columns)[own.column(block.routed)]
            site_at.append(at)
            joint.append(routed.reshape(len(members), -1)[members.index(program.name)])
            value.append(np.ones(len(at)))
    installed = np.arange(own.n_columns)[own.column(m.site[program.name].it_capacity)]
    site_at.append(at)
    joint.append(np.repeat(installed, len(at) // len(installed)))
    value.append(np.full(len(at), -program.expected_use))
    entries = (np.concatenate(site_at), np.concatenate(joint))
    return sparse.csr_array((np.concatenate(value), entries), shape=(program.lp.n_columns, n))


def _growth(m: pyo.ConcreteModel, own: LinearProgram, program: SiteProgram, n: int) -> Any:
    """Return the change of a site's row bounds with its size and standing, shape (rows, n)."""
    block, year = m.site[program.name], program.lp.row_year
    found = sparse.csr_array((program.lp.n_rows, n))
    for variable, values in ((block.it_capacity, program.rise), (block.stands, program.step)):
        at = np.flatnonzero(values)
        columns = own.column(variable).start + year[at]
        found = found + sparse.csr_array((values[at], (at, columns)), shape=found.shape)
    return found


def _fixed_cost(m: pyo.ConcreteModel, own: LinearProgram, program: SiteProgram, n: int) -> Any:
    """Return the cost of a site's size and standing by term and year, shape (terms * years, n)."""
    block = m.site[program.name]
    n_terms, n_years = program.standing.shape
    slope = program.slope.reshape(n_terms * n_years, n_years)
    added = own.column(block.added).start + np.arange(n_years)
    stands = own.column(block.stands).start + np.tile(np.arange(n_years), n_terms)
    row, vintage = np.nonzero(slope)
    standing = program.standing.ravel()
    paid = np.flatnonzero(standing)
    values = np.concatenate([slope[row, vintage], standing[paid]])
    entries = (np.concatenate([row, paid]), np.concatenate([added[vintage], stands[paid]]))
    return sparse.csr_array((values, entries), shape=(n_terms * n_years, n))


def _widened(matrix: Any, n: int) -> Any:
    return sparse.csr_array(
        (matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], n)
    )


def _column_blocks(program: SiteProgram, start: int) -> dict[str, ColumnBlock]:
    found, at = {}, start
    for name, block in program.lp.columns.items():
        if name != ROUTED:
            size = block.stop - block.start
            label = f"{program.name}.{name}"
            found[label] = replace(block, name=label, start=at, stop=at + size)
            at += size
    return found


def _row_blocks(program: SiteProgram, start: int) -> dict[str, RowBlock]:
    return {
        f"{program.name}.{name}": replace(
            block,
            name=f"{program.name}.{name}",
            start=start + block.start,
            stop=start + block.stop,
        )
        for name, block in program.lp.rows.items()
    }
