"""Who changed what, when and from where: of one record, and of the whole workspace."""
