"""What a user does in the console, and sees there."""

import json

from tests.web.browser import Page


def shows(page: Page, selector: str, text: str = "") -> None:
    """Wait until something that a selector finds has this text in it."""
    found = f"[...document.querySelectorAll({json.dumps(selector)})]"
    page.wait(f"{found}.some((it) => it.textContent.includes({json.dumps(text)}))")


def lacks(page: Page, text: str) -> None:
    """Wait until the page does not have this text."""
    page.wait(f"!document.querySelector('main').textContent.includes({json.dumps(text)})")


def press(page: Page, name: str) -> None:
    """Click a button, tab or link by its name, once it can be clicked; a count behind the name does not matter."""
    is_meant = f"[it.ariaLabel ?? it.textContent, it.textContent.replace(/\\d+$/, '')].includes({json.dumps(name)})"
    found = f"[...document.querySelectorAll('button:enabled, a')].find((it) => {is_meant})"
    page.wait(f"(() => {{ const it = {found}; it?.click(); return !!it }})()")


def type_into(page: Page, selector: str, text: str) -> None:
    """Replace what a field has."""
    page.wait(
        f"(() => {{ const field = document.querySelector({json.dumps(selector)}); field?.focus(); field?.select();"
        " return !!field })()"
    )
    page.call("Input.insertText", text=text)


def open_flow(page: Page, name: str) -> None:
    press(page, "Flows")
    shows(page, 'table[aria-label="Flows"] a', name)
    press(page, name)
    shows(page, "h1", name)


def node(id: str, status: str) -> str:
    return f'[data-node="{id}"] [data-status="{status}"]'


def choose(page: Page, selector: str, value: str) -> None:
    """Choose an option of a list by its value."""
    field = f"document.querySelector({json.dumps(selector)})"
    page.wait(f"!!{field}")
    change = "new Event('change', { bubbles: true })"
    page.evaluate(f"[{field}.value = {json.dumps(value)}, {field}.dispatchEvent({change})].length")


def go(page: Page, address: str) -> None:
    """Go to a page of the console, as a link there does."""
    page.evaluate(f"history.pushState(null, '', {json.dumps(address)})")
