"""The public: list a number, choose terms, check, withdraw, see who asked."""
