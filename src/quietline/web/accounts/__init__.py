"""People and organisations: who may act for whom, second factors, keys of programs, sessions."""
