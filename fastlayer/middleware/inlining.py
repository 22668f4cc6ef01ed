"""Whether a middleware function can be run without a task of its own.

Reads the function's source once, when the middleware is installed. Knows nothing of requests. The rule is cautious: a
function it cannot judge is not run inline, which costs time and never meaning (see `inline.py` for why each rule is
needed).
"""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

_WITH = (ast.With, ast.AsyncWith)
_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def why_not_inline(function: Callable[..., Any]) -> str:
    """The reason why `function(request, call_next)` needs a task of its own; empty if it does not need one."""
    definition = _definition(function)
    if definition is None:
        return "it is not a plain `async def` whose source can be read"
    skipped = 1 if inspect.ismethod(function) else 0
    parameters = [argument.arg for argument in (*definition.args.posonlyargs, *definition.args.args)][skipped:]
    if len(parameters) < 2:
        return "it does not take `request` and `call_next` by position"
    return _Judge(definition, parameters[1]).verdict()


def _definition(function: Callable[..., Any]) -> ast.AsyncFunctionDef | None:
    plain = getattr(function, "__func__", function)
    if not (inspect.isfunction(plain) and inspect.iscoroutinefunction(plain)):
        return None
    try:
        # From the code object: `getsource(function)` would follow `__wrapped__` and judge another function.
        body = ast.parse(textwrap.dedent(inspect.getsource(plain.__code__))).body
    except (OSError, SyntaxError, TypeError):
        return None
    found = body[0] if len(body) == 1 else None
    return found if isinstance(found, ast.AsyncFunctionDef) and found.name == plain.__code__.co_name else None


class _Judge:
    """One function's syntax tree, each node with the nodes around it."""

    def __init__(self, definition: ast.AsyncFunctionDef, call_next: str) -> None:
        self.definition = definition
        self.call_next = call_next
        self.parents = {
            child: parent
            for statement in definition.body
            for parent in ast.walk(statement)
            for child in ast.iter_child_nodes(parent)
        }
        self.nodes = [node for statement in definition.body for node in ast.walk(statement)]
        self.responses: set[str] = set()

    def verdict(self) -> str:
        names = [node for node in self.nodes if isinstance(node, ast.Name)]
        for name in names:
            if name.id == self.call_next and (reason := self._call(name)):
                return reason
        for name in names:
            if name.id in self.responses and isinstance(name.ctx, ast.Load) and (reason := self._use(name)):
                return reason
        return ""

    def _call(self, name: ast.Name) -> str:
        call = self.parents.get(name)
        awaited = self.parents.get(call) if call else None
        if not (isinstance(call, ast.Call) and call.func is name and isinstance(awaited, ast.Await)):
            return f"`{self.call_next}` is used other than as `await {self.call_next}(...)`"
        if self._inside(awaited, _NESTED + _COMPREHENSIONS):
            return f"`{self.call_next}` is called in a nested function or comprehension"
        if self._inside(awaited, _WITH):
            return f"`{self.call_next}` is called inside a `with` block"
        return self._remember(self.parents.get(awaited))

    def _remember(self, statement: ast.AST | None) -> str:
        match statement:
            case None | ast.Return() | ast.Expr():
                return ""
            case ast.Assign(targets=[ast.Name(id=response)]) | ast.AnnAssign(target=ast.Name(id=response)):
                self.responses.add(response)
                return ""
        return f"the result of `{self.call_next}` is not assigned to one name or returned"

    def _use(self, name: ast.Name) -> str:
        parent = self.parents.get(name)
        if self._inside(name, _NESTED):
            return f"`{name.id}` is used in a nested function"
        if isinstance(parent, ast.Attribute):
            return self._iteration(parent) if parent.attr == "body_iterator" else ""
        if isinstance(parent, ast.Return | ast.Compare | ast.If):
            return ""
        return f"`{name.id}` is handed on instead of being edited or returned"

    def _iteration(self, attribute: ast.Attribute) -> str:
        if isinstance(attribute.ctx, ast.Store):
            return ""
        parent = self.parents.get(attribute)
        loop = self.parents.get(parent) if isinstance(parent, ast.comprehension) else parent
        direct = isinstance(parent, ast.AsyncFor | ast.comprehension) and parent.iter is attribute
        if not direct or isinstance(loop, ast.GeneratorExp) or self._inside(attribute, _WITH):
            return "`body_iterator` is read other than by an `async for` of the function itself"
        return ""

    def _inside(self, node: ast.AST, kinds: tuple[type[ast.AST], ...]) -> bool:
        around = self.parents.get(node)
        while around is not None:
            if isinstance(around, kinds):
                return True
            around = self.parents.get(around)
        return False
