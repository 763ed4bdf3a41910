"""Radicale's list of users, read once: with thousands of test users its own
backend spends more time in that file than in everything else."""
from radicale import auth


class Auth(auth.BaseAuth):
    def __init__(self, configuration):
        super().__init__(configuration)
        name = configuration.get("auth", "htpasswd_filename")
        with open(name) as f:
            self.users = dict(line.rstrip("\n").split(":", 1) for line in f)

    def _login(self, login, password):
        return login if self.users.get(login) == password else ""

    # Radicale 3.1 (Debian 12) asks the backend itself; later ones put their
    # own login around it.
    if not hasattr(auth.BaseAuth, "_login"):
        login = _login
