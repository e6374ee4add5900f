"""The endpoint whose answer a thread stores, which sees and leaves only what is committed."""

import pytest

from apps.telemetry.models import ActivityLog
from tests.conftest import ApiClient
from tests.contract.calls import example_of
from tests.contract.test_contract import ENDPOINTS, IN_THE_BACKGROUND, is_as_documented
from tests.factories import make_token


@pytest.mark.django_db(transaction=True)
def test_a_summary_is_as_documented():
    ActivityLog.objects.create(action="research", details={"message": "Compared three approaches"})
    response = ApiClient(make_token()).post(f"/api{IN_THE_BACKGROUND}", example_of(IN_THE_BACKGROUND, "post"))
    [endpoint] = [e for e in ENDPOINTS if e["path"] == IN_THE_BACKGROUND]
    is_as_documented(endpoint, response)
