"""``edged schema``: topics, payloads and reports as JSON Schema, topics also as AsyncAPI or Markdown."""

import argparse

import msgspec

from edged.cli.config_file import config_from
from edged.config.structs import Mqtt
from edged.contract.asyncapi import Broker, asyncapi
from edged.contract.reference import json_schemas, markdown, report_schema


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The format."""
    parser.description = "Print the JSON Schema of every payload, or topics and payloads in another format."
    documents = parser.add_mutually_exclusive_group()
    documents.add_argument("--asyncapi", action="store_true", help="an AsyncAPI 3.0 document")
    documents.add_argument("--markdown", action="store_true", help="the reference in docs/mqtt.md")
    documents.add_argument("--report", action="store_true", help="the JSON Schema of a report.json of `edged calls`")


def run(arguments: argparse.Namespace) -> int:
    """Print the document; returns the exit status."""
    if arguments.markdown:
        print(markdown(), end="")
        return 0
    if arguments.report:
        document = report_schema()
    else:
        document = asyncapi(_broker(config_from(arguments).mqtt)) if arguments.asyncapi else json_schemas()
    print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    return 0


def _broker(mqtt: Mqtt) -> Broker:
    return Broker(
        host=mqtt.host,
        port=mqtt.tcp_port,
        root=mqtt.root,
        secure=mqtt.tls == "on",
        version=mqtt.protocol.removeprefix("v"),
        keepalive_s=mqtt.keepalive_s,
    )
