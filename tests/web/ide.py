"""GraphiQL as its user has it in hand."""

import json
from typing import Any

from tests.web.browser import Page

PARTS = {"query": "operation.graphql", "variables": "variables.json", "headers": "request-headers.json"}
PLAY, STOP = ('button.graphiql-execute-button[aria-label^="' + word for word in ('Execute"]', 'Stop"]'))
RESULT = "response.json"


class Ide:
    """A loaded GraphiQL whose tabs are those of a newcomer."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.wait(f"window.__MONACO?.editor.getEditors().length === 4 && !!document.querySelector({json.dumps(PLAY)})")

    def is_live(self) -> bool:
        """Whether a subscription can be stopped."""
        return bool(self.page.evaluate(f"!!document.querySelector({json.dumps(STOP)})"))

    @property
    def tabs(self) -> list[str]:
        """The titles of the tabs."""
        titles: list[str] = self.page.evaluate(
            "[...document.querySelectorAll('.graphiql-tab-button')].map((tab) => tab.title)"
        )
        return titles

    def show_tab(self, title: str) -> None:
        self.page.click(f'.graphiql-tab-button[title="{title}"]')
        self.page.wait(f"document.querySelector('.graphiql-tab-active button').title === '{title}'")

    def add_tab(self, query: str, headers: str = "") -> None:
        """Write an operation into a new tab."""
        self.page.click('button[aria-label="New tab"]')
        self.page.wait("document.querySelector('.graphiql-tab-active button').title === '<untitled>'")
        self.write("query", query)
        self.write("headers", headers)

    def show_plugin(self, title: str) -> None:
        self.page.click(f'button[aria-label="Show {title}"]')

    def run(self) -> None:
        self.page.click(PLAY)

    def text(self, part: str) -> str:
        """What an editor has in it."""
        text: str = self.page.evaluate(f"{_model(PARTS.get(part, part))}.getValue()")
        return text

    def write(self, part: str, text: str) -> None:
        """Write into an editor, in place of what it has."""
        self.page.evaluate(f"{_model(PARTS[part])}.setValue({json.dumps(text)})")

    def variable(self, name: str) -> str:
        """The value of a variable, once it has one."""
        value: str = self.page.wait(f"JSON.parse({_model(PARTS['variables'])}.getValue()).{name}")
        return value

    def result(self, is_there: str) -> Any:
        """The shown result, once it has what this expression finds in `result`."""
        return self.page.wait(
            f"(() => {{ try {{ const result = JSON.parse({_model(RESULT)}.getValue()); return ({is_there}) && result }}"
            " catch { return null } })()"
        )


def _model(name: str) -> str:
    return f"__MONACO.editor.getModels().find((model) => model.uri.path.endsWith('{name}'))"
