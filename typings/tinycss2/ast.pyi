class Node:
    source_line: int
    source_column: int
    type: str

class Declaration(Node):
    name: str
    lower_name: str
    value: list[Node]
    important: bool

class WhitespaceToken(Node):
    value: str

class Comment(Node):
    value: str

class IdentToken(Node):
    value: str
    lower_value: str

class HashToken(Node):
    value: str

class StringToken(Node):
    value: str

class LiteralToken(Node):
    value: str

class NumberToken(Node):
    value: float

class PercentageToken(Node):
    value: float

class DimensionToken(Node):
    value: float
    unit: str
    lower_unit: str

class FunctionBlock(Node):
    name: str
    lower_name: str
    arguments: list[Node]
