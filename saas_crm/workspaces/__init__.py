"""A workspace as a whole: taken along as an archive, brought back from one, suspended, resumed, deleted."""
