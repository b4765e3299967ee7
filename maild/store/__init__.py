"""Facts: everything that is kept, in one database, behind small doors."""
