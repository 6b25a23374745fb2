"""The description of the data set after DCAT-AP 3, as JSON-LD: what there is, in which forms, and who publishes it.

Only what is known is said: the Commission has named no licence, so there is none in it. Everything follows from the
entries and from the public address. Pure: no database, no web.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Final

from feeds.calendar import ICAL
from feeds.document import ATOM, RSS
from feeds.table import CSV
from feeds.workbook import XLSX
from register.index import Register

JSON_LD: Final = "application/ld+json"

_AUTHORITY: Final = "http://publications.europa.eu/resource/authority"
_IANA: Final = "https://www.iana.org/assignments/media-types"
_CONTEXT: Final[dict[str, Any]] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_TITLE: Final = (
    "Единый реестр отдельных мер регулирования государств – членов Евразийского экономического союза",
    "Register of separate measures of the member states of the Eurasian Economic Union",
)
_DESCRIPTION: Final = (
    "Отдельные меры нетарифного регулирования, установленные государствами-членами в отношении вывоза товаров, с "
    "кодами ТН ВЭД ЕАЭС, сроками действия и возможностью применения декларации о происхождении (статья 4 Соглашения от "
    "4 декабря 2023 г.), и журнал всех изменений Реестра",
    "Separate non-tariff measures of the member states on the export of goods, with TN VED codes, terms and the "
    "permission of an origin declaration (Article 4 of the Agreement of 4 December 2023), and the journal of every "
    "change of the Register",
)
_DEMONSTRATION: Final = ("Демонстрационные данные. ", "Demonstration data. ")
_THEMES: Final = (
    ("ECON", "экономика и финансы", "economy and finance"),
    ("GOVE", "государственное управление", "government and public sector"),
)
_COUNTRIES: Final = ("ARM", "BLR", "KAZ", "KGZ", "RUS")
_KEYWORDS: Final = (
    ("происхождение товаров", "origin of goods"),
    ("вывоз товаров", "exports"),
    ("нетарифное регулирование", "non-tariff regulation"),
    ("ЕАЭС", "EAEU"),
)
_FORMS: Final = (
    ("measures.json", "application/json", "JSON", "Реестр целиком", "The whole Register"),
    ("measures.csv", CSV, "CSV", "Таблица мер, строка на товарную позицию", "Table of measures, a row to a goods line"),
    ("measures.xlsx", XLSX, "XLSX", "Таблица мер в формате XLSX", "Table of measures as XLSX"),
    ("feeds/register.atom", ATOM, "ATOM", "Новые записи журнала, Atom", "New entries of the journal, Atom"),
    ("feeds/register.rss", RSS, "RSS", "Новые записи журнала, RSS", "New entries of the journal, RSS"),
    ("feeds/deadlines.ics", ICAL, None, "Календарь сроков", "Calendar of dates"),
)


def catalogue(register: Register, base: str, demonstration: bool) -> bytes:
    """The catalogue with its one data set, its distributions and services; ``base`` is the public address."""
    about = f"{base}/dcat.jsonld"
    document = {
        "@context": _CONTEXT,
        "@id": f"{about}#catalogue",
        "@type": "dcat:Catalog",
        "dct:title": _both(*_TITLE),
        "dct:description": _both(*_marked(demonstration)),
        "dct:publisher": _publisher(),
        "dct:language": _languages(),
        "dct:spatial": _spatial(),
        "foaf:homepage": {"@id": f"{base}/", "@type": "foaf:Document"},
        "dcat:themeTaxonomy": {
            "@id": f"{_AUTHORITY}/data-theme",
            "@type": "skos:ConceptScheme",
            "dct:title": _both("Темы данных", "Data theme"),
        },
        **_times(register),
        "dcat:dataset": _dataset(register, base, about, demonstration),
        "dcat:service": _services(base, about),
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def _dataset(register: Register, base: str, about: str, demonstration: bool) -> dict[str, Any]:
    dataset = {
        "@id": f"{about}#register",
        "@type": "dcat:Dataset",
        "dct:identifier": "urn:eaeu:register",
        "dct:title": _both(*_TITLE),
        "dct:description": _both(*_marked(demonstration)),
        "dct:publisher": {"@id": _publisher()["@id"]},
        "dcat:theme": [_concept(f"{_AUTHORITY}/data-theme/{theme}", ru, en) for theme, ru, en in _THEMES],
        "dcat:keyword": [text for pair in _KEYWORDS for text in _both(*pair)],
        "dct:accrualPeriodicity": {"@id": f"{_AUTHORITY}/frequency/IRREG", "@type": "dct:Frequency"},
        "dct:accessRights": {"@id": f"{_AUTHORITY}/access-right/PUBLIC", "@type": "dct:RightsStatement"},
        "dct:language": _languages(),
        "dct:spatial": _spatial(),
        "dcat:landingPage": {"@id": f"{base}/", "@type": "foaf:Document"},
        "dcat:version": str(register.seq),
        **_times(register),
        "dcat:distribution": [_distribution(base, about, *form) for form in _FORMS],
    }
    starts = [version.effective_from for version in register.versions()]
    if starts:
        # No end: the Register goes on.
        dataset["dct:temporal"] = {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {"@type": "xsd:date", "@value": date.fromordinal(min(starts)).isoformat()},
        }
    return dataset


def _distribution(
    base: str, about: str, path: str, media_type: str, file_type: str | None, ru: str, en: str
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@id": f"{about}#{path}",
        "@type": "dcat:Distribution",
        "dct:title": _both(ru, en),
        "dcat:accessURL": _resource(f"{base}/{path}"),
        "dcat:downloadURL": _resource(f"{base}/{path}"),
        "dcat:mediaType": {"@id": f"{_IANA}/{media_type.partition(';')[0]}", "@type": "dct:MediaType"},
        "dcatap:availability": _concept(f"{_AUTHORITY}/planned-availability/STABLE", "постоянно", "stable"),
    }
    if file_type is not None:
        found["dct:format"] = {"@id": f"{_AUTHORITY}/file-type/{file_type}", "@type": "dct:MediaTypeOrExtent"}
    return found


def _services(base: str, about: str) -> list[dict[str, Any]]:
    served = {"dcat:servesDataset": {"@id": f"{about}#register"}, "dct:publisher": {"@id": _publisher()["@id"]}}
    return [
        {
            "@id": f"{about}#api",
            "@type": "dcat:DataService",
            "dct:title": _both("Программный интерфейс Реестра", "The API of the Register"),
            "dcat:endpointURL": _resource(f"{base}/api/v1"),
            "dcat:endpointDescription": _resource(f"{base}/api/openapi.json"),
            "dct:conformsTo": _standard("https://spec.openapis.org/oas/v3.1.0"),
            **served,
        },
        {
            "@id": f"{about}#log",
            "@type": "dcat:DataService",
            "dct:title": _both("Подписанный журнал записей", "The signed log of entries"),
            "dcat:endpointURL": _resource(f"{base}/log"),
            "dcat:endpointDescription": _resource("https://c2sp.org/tlog-tiles"),
            "dct:conformsTo": _standard("https://c2sp.org/tlog-tiles"),
            **served,
        },
    ]


def _publisher() -> dict[str, Any]:
    return {
        "@id": "https://eec.eaeunion.org/",
        "@type": "foaf:Agent",
        "foaf:name": _both("Евразийская экономическая комиссия", "Eurasian Economic Commission"),
        "dct:type": _concept(
            "http://purl.org/adms/publishertype/SupraNationalAuthority",
            "наднациональный орган",
            "supra-national authority",
        ),
    }


def _times(register: Register) -> dict[str, Any]:
    if not register.seq:
        return {}
    days = {"dct:issued": 1, "dct:modified": register.seq}
    return {
        name: {"@type": "xsd:dateTime", "@value": register.recorded_at(seq).isoformat(timespec="milliseconds")}
        for name, seq in days.items()
    }


def _marked(demonstration: bool) -> tuple[str, str]:
    if not demonstration:
        return _DESCRIPTION
    return _DEMONSTRATION[0] + _DESCRIPTION[0], _DEMONSTRATION[1] + _DESCRIPTION[1]


def _both(ru: str, en: str) -> list[dict[str, str]]:
    return [{"@language": "ru", "@value": ru}, {"@language": "en", "@value": en}]


def _languages() -> list[dict[str, str]]:
    return [{"@id": f"{_AUTHORITY}/language/{code}", "@type": "dct:LinguisticSystem"} for code in ("RUS", "ENG")]


def _spatial() -> list[dict[str, str]]:
    return [{"@id": f"{_AUTHORITY}/country/{code}", "@type": "dct:Location"} for code in _COUNTRIES]


def _concept(address: str, ru: str, en: str) -> dict[str, Any]:
    return {"@id": address, "@type": "skos:Concept", "skos:prefLabel": _both(ru, en)}


def _resource(address: str) -> dict[str, str]:
    return {"@id": address, "@type": "rdfs:Resource"}


def _standard(address: str) -> dict[str, str]:
    return {"@id": address, "@type": "dct:Standard"}
