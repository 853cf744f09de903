"""placeholder until the store is there"""


class History:
    def __init__(self, place: str) -> None: ...
