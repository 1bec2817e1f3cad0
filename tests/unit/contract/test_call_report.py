"""report.json: its schema, its fields, and what it leaves out."""

import json

import jsonschema
import msgspec

from edged.contract.call_report import NOTICE, Report
from edged.contract.reference import report_schema, structs
from tests.parts.system.program import edged


def test_schema_is_valid_and_printed() -> None:
    """`edged schema --report` prints it; every field but those of one obvious meaning is described."""
    schema = json.loads(edged("schema", "--report").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == json.loads(msgspec.json.encode(report_schema()))
    assert schema["$defs"]["Window"]["properties"]["contribution"]["description"].startswith("points of the score")


def test_no_field_names_the_agent() -> None:
    """No struct of a report has a field for who the agent was; the notice says why."""
    fields = {field for kind in structs([Report]).values() for field in kind.__struct_fields__}
    assert not fields & {"agent", "agent_id", "agent_name", "employee", "operator", "staff", "user", "name", "team"}
    assert all(article in NOTICE for article in ("Article 5(1)(f)", "Article 50(3)", "Annex III 4(b)"))
