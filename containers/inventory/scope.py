"""What names mean at one place of the code."""

MOST_DEPTH = 14  # Of calls within calls.


class Scope:
    """What names mean at one place of the code, and what its function has returned so far."""

    def __init__(self, module, me=None, owner=None, names=None, is_init=False):
        self.module, self.me, self.owner, self.is_init = module, me, owner, is_init
        self.names = {} if names is None else names
        self.returned, self.yielded = [], []
        self.is_generator, self.is_open, self.depth = False, False, 0
