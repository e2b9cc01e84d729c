from collections.abc import Iterable

from tinycss2.ast import Node

def parse_blocks_contents(
    input: str | Iterable[Node], skip_comments: bool = False, skip_whitespace: bool = False
) -> list[Node]: ...
