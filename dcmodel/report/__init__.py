"""Tables and figures of results, rebuilt from what is stored; nothing is solved here.

`tables` and `figures` take results (`dcmodel.report.tables.by_case`), `write` fills the folders
``tables/`` and ``figures/`` of an output folder.
"""
