"""Numbers of records as a workspace writes them: "C-0042", "2026-0017".

`patterns` are the rules, purely. `giving` gives a number to what is just being made and to what is there already;
`models` keeps which were given, and how far each count is. A room joins by one registration (`registry.numbered`),
calls `access.numbering.number_new` where it makes a record, and shows `given_to(...)` as a column of its model.
"""
