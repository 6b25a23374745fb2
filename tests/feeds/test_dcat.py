"""The description of the data set: what DCAT-AP 3 asks for is in it, and what it names is there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from feeds.dcat import catalogue
from tests.feeds.helpers import BASE, Site
from tests.register.synthetic import build, record


def nodes(value: Any) -> list[dict[str, Any]]:
    """Every node below a value, itself included."""
    if isinstance(value, list):
        return [node for item in value for node in nodes(item)]
    if not isinstance(value, dict):
        return []
    return [value, *(node for item in value.values() for node in nodes(item))]


# The mandatory properties of DCAT-AP 3.0 by class.
MANDATORY = {
    "dcat:Catalog": {"dct:title", "dct:description", "dct:publisher"},
    "dcat:Dataset": {"dct:title", "dct:description"},
    "dcat:Distribution": {"dcat:accessURL"},
    "dcat:DataService": {"dct:title", "dcat:endpointURL"},
    "foaf:Agent": {"foaf:name"},
    "skos:Concept": {"skos:prefLabel"},
    "skos:ConceptScheme": {"dct:title"},
}


@pytest.mark.parametrize("size", [0, 3])
def test_what_is_mandatory_is_there(size: int) -> None:
    register = build(record(f"KG-2026-{number:03}") for number in range(1, size + 1))
    document = json.loads(catalogue(register, BASE, False))
    found = nodes({name: value for name, value in document.items() if name != "@context"})
    by_type: dict[str, int] = {}
    for node in found:
        type_ = node.get("@type", "")
        by_type[type_] = by_type.get(type_, 0) + 1
        assert MANDATORY.get(type_, set()) <= node.keys(), node.get("@id")
    assert MANDATORY.keys() <= by_type.keys()
    prefixes = {name.partition(":")[0] for node in found for name in node if ":" in name}
    assert prefixes <= document["@context"].keys()
    known = {node["@id"] for node in found if "@id" in node and len(node) > 1}
    assert {node["@id"] for node in found if node.keys() == {"@id"}} <= known


def test_what_it_says_of_the_register() -> None:
    register = build([record("KG-2026-001"), record("AM-2026-001", effective_from="2025-03-01")])
    document = json.loads(catalogue(register, BASE, False))
    dataset = document["dcat:dataset"]
    assert dataset["dcat:version"] == "2"
    assert dataset["dct:temporal"]["dcat:startDate"] == {"@type": "xsd:date", "@value": "2025-03-01"}
    modified = datetime.fromisoformat(dataset["dct:modified"]["@value"])
    assert modified == register.recorded_at(2).astimezone(UTC)
    assert {place["@id"][-3:] for place in dataset["dct:spatial"]} == {"ARM", "BLR", "KAZ", "KGZ", "RUS"}
    # Nobody has named a licence.
    assert not [name for node in nodes(document) for name in node if "license" in name.lower()]


def test_demonstration_data_are_called_so() -> None:
    described = json.loads(catalogue(build([]), BASE, True))["dcat:dataset"]["dct:description"]
    assert [text["@value"].partition(".")[0] for text in described] == ["Демонстрационные данные", "Demonstration data"]


@pytest.mark.anyio
async def test_what_it_names_is_served_as_it_says(site: Site) -> None:
    await site.fill()
    response = await site.get("/dcat.jsonld")
    assert response.headers["content-type"] == "application/ld+json"
    assert (await site.get("/dcat.jsonld", If_None_Match=response.headers["etag"])).status_code == 304
    document = response.json()
    distributions = document["dcat:dataset"]["dcat:distribution"]
    assert len(distributions) >= 6
    for item in distributions:
        address = item["dcat:downloadURL"]["@id"]
        answer = await site.get(address.removeprefix(BASE))
        assert answer.status_code == 200, address
        assert answer.headers["content-type"].partition(";")[0] == item["dcat:mediaType"]["@id"].partition("types/")[2]
    assert (await site.get("/api/openapi.json")).status_code == 200
