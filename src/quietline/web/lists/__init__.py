"""Lists of areas as they are fetched: formats, marks, and what tells who leaked one."""
