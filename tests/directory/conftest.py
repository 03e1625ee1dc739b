"""One OpenLDAP for all tests of the directory, and a company of its own for each."""

import re
from collections.abc import Iterator

import pytest

from tests.directory import slapd as openldap
from tests.directory.slapd import SUFFIX, Company, Slapd


@pytest.fixture(scope="session")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    if openldap.IS_MISSING:
        pytest.skip("OpenLDAP (slapd) is missing")
    yield from openldap.start(tmp_path_factory.mktemp("slapd"))


@pytest.fixture
def company(slapd: Slapd, request: pytest.FixtureRequest) -> Company:
    """An empty organizational unit, named after the test."""
    base = f"ou={re.sub(r'\W+', '-', request.node.name)[:60]},{SUFFIX}"
    with slapd.admin() as admin:
        admin.add(base, ["organizationalUnit"])
    return Company(slapd, base)
