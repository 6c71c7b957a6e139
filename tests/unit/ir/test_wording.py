"""Unnamed types are called by what tells them apart, and by as few words as do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.build.wording import LONGEST
from headgate.names import pascal, split_words

if TYPE_CHECKING:
    from headgate.ir.api import Api

    from .conftest import ReadApi


def names(api: Api) -> list[str]:
    """The names of all types, in their order."""
    every = api.definitions.values()
    return [pascal(split_words(" ".join(each.words))) for each in every]


def test_variants_are_called_by_their_tags(read_api: ReadApi) -> None:
    """What is inside a variant is called so too."""
    schemas = """
    Event:
      oneOf:
        - {type: object, required: [event], properties: {event: {const: run.done},
           more: {type: object, properties: {a: {type: string}}}}}
        - {type: object, required: [event], properties: {event: {const: run.failed}}}
    """

    assert set(names(read_api(schemas))) == {
        "Event",
        "EventRunDone",
        "EventRunDoneMore",
        "EventRunFailed",
    }


def test_variants_are_called_by_their_kind_or_by_what_only_they_have(
    read_api: ReadApi,
) -> None:
    """Numbers are left to what nothing tells apart."""
    one = "{{type: object, properties: {{id: {{type: string}}, {}: {{type: string}}}}}}"
    schemas = f"""
    Choice: {{oneOf: [{{type: string, enum: [a, b]}}, {one.format("name")}]}}
    Either: {{oneOf: [{one.format("left")}, {one.format("right")}]}}
    """

    assert set(names(read_api(schemas))) == {
        "Choice",
        "ChoiceChoice",
        "ChoiceObject",
        "Either",
        "EitherWithLeft",
        "EitherWithRight",
    }


def test_long_names_lose_their_middle(read_api: ReadApi) -> None:
    """The first words and the last stay, and no name is another one's."""
    inner = "{type: object, properties: {kind: {enum: [a, b]}}}"
    for word in ("acss_debit", "card_payments", "payment_method_options", "settings"):
        properties = f"{{{word}: {inner}, other_{word}: {inner}}}"
        inner = f"{{type: object, properties: {properties}}}"
    found = names(read_api(f"PaymentIntentRequest: {inner}"))

    assert len(set(found)) == len(found)
    assert all(each.startswith("Payment") for each in found)
    assert all(len(each) <= LONGEST for each in found)
    assert not any(each[-1].isdigit() for each in found if "AcssDebit" in each)


def test_long_names_consist_of_whole_words(read_api: ReadApi) -> None:
    """What is said twice goes first; the call, and what a type is, stay."""
    schema = "{type: string, enum: [a, b]}"
    for word in ("settings", "billing_settings", "payment_method_settings"):
        schema = f"{{type: object, properties: {{{word}: {schema}, id: {{}}}}}}"
    api = read_api(
        paths=f"""
        /settings:
          put:
            operationId: payments.set_information_of_provisioned_settings
            requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}
            responses: {{"204": {{description: Done.}}}}
        """
    )

    assert names(api) == [
        "PaymentsSetInformationProvisionedSettingsSettings",
        "PaymentsSetInformationProvisionedMethodBillingSettings",
        "PaymentsSetInformationProvisionedSettingsMethodSettings",
        "PaymentsSetInformationOfProvisionedSettingsRequest",
    ]


def test_too_long_names_of_the_document_lose_words_too(read_api: ReadApi) -> None:
    """Names that end differently stay different, and none ends inside a word."""
    long = "RealtimeBetaServerEventConversationItemInputAudioTranscription"
    schemas = f"""
    {long}Completed: {{type: object, properties: {{a: {{type: string}}}}}}
    {long}Failed: {{type: object, properties: {{a: {{type: string}}}}}}
    """

    assert names(read_api(schemas)) == [
        "RealtimeBetaServerEventItemInputAudioTranscriptionCompleted",
        "RealtimeBetaServerEventItemInputAudioTranscriptionFailed",
    ]


def test_variants_of_the_same_fields_are_told_apart(read_api: ReadApi) -> None:
    """By what they require, fix, or have a list of; the one left is the plain one."""
    schemas = """
    Labels:
      oneOf:
        - {type: object, properties: {labels: {type: array, items: {type: string}}}}
        - {type: object, properties: {labels: {type: array, items:
           {type: object, properties: {name: {type: string}}}}}}
    File:
      type: object
      properties: {content: {type: string}, filename: {type: string}}
      anyOf: [{required: [content]}, {required: [filename]}, {type: object}]
    Check:
      type: object
      properties: {status: {type: string}, note: {type: string}}
      anyOf: [{properties: {status: {const: completed}}}, {type: object}]
    """

    assert set(names(read_api(schemas))) == {
        "Labels",
        "LabelsWithStringLabels",
        "LabelsWithObjectLabels",
        "LabelsWithObjectLabelsLabelsItem",
        "File",
        "FileWithContent",
        "FileWithFilename",
        "FilePlain",
        "Check",
        "CheckCompleted",
        "CheckPlain",
    }
