import re
from urllib.parse import urljoin

import requests

from tests.documented import DOCUMENT
from tests.stack.local_stack import LocalStack


def test_the_page_and_all_that_it_loads_need_no_token(stack: LocalStack) -> None:
    page = f"{stack.api_url}/api/docs"
    html = requests.get(page, timeout=30).text

    files = {link: requests.get(urljoin(page, link), timeout=30) for link in re.findall(r'="(docs/[^"]+)"', html)}

    assert {link.partition("?")[0]: file.status_code for link, file in files.items()} == {
        "docs/swagger-ui.css": 200,
        "docs/swagger-ui-bundle.js": 200,
    }


def test_the_document_needs_no_token(stack: LocalStack) -> None:
    assert requests.get(f"{stack.api_url}/api/openapi.json", timeout=30).text == DOCUMENT.read_text()


def test_a_file_outside_of_the_page_is_not_found(stack: LocalStack) -> None:
    for name in ("app.py", "..%2fapp.py", "%2e%2e%2fopenapi.json"):
        assert requests.get(f"{stack.api_url}/api/docs/{name}", timeout=30).status_code == 404
