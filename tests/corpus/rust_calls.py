"""A Rust program that calls exchanges through a crate, with a function for each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headgate.document.config import Config
from headgate.encoding.code import fixed
from headgate.ir.api import Api
from headgate.ir.operations import Body
from headgate.ir.types import Ref, Scalar, Struct, TypeExpr
from headgate.plan.rust import Crate
from headgate.plan.rust.imports import Imports
from headgate.plan.rust.members import is_parameter
from headgate.plan.rust.places import place_of
from tests.corpus.exchanges import ABSENT, Exchange
from tests.corpus.programs import rust_manifest

TYPES = fixed("types")
FURTHER = """\
serde = "1"
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
"""
HEAD = """\
#![allow(unused)]
use {module} as sdk;
use sdk::runtime::page::PageBody;
use sdk::{{resources, types, Client, RetryPolicy, Upload}};
use serde::de::DeserializeOwned;
use serde_json::{{json, to_value, Map, Value}};
use std::collections::BTreeMap;

type Said = Result<Value, Box<dyn std::error::Error>>;

fn given<T: DeserializeOwned>(task: &Value, name: &str) -> Result<T, String> {{
    let text = task[name].to_string();
    serde_json::from_str(&text).map_err(|error| format!("{{name}}: {{error}} {{text}}"))
}}

fn bytes(text: &str) -> Vec<u8> {{
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(byte).collect()
}}

fn hexadecimal(bytes: &[u8]) -> String {{
    bytes.iter().map(|byte| format!("{{byte:02x}}")).collect()
}}

/// Reads the bytes that a task carries in hexadecimal.
trait Carried {{
    fn unpack(&mut self);
}}

impl Carried for Upload {{
    fn unpack(&mut self) {{
        let text = self.data().expect("bytes").to_vec();
        *self = Upload::new(bytes(&String::from_utf8(text).expect("a text")));
    }}
}}

/// A text that goes as a file.
impl Carried for String {{
    fn unpack(&mut self) {{
        *self = String::from_utf8(bytes(self)).expect("a text");
    }}
}}

impl<C: Carried> Carried for Option<C> {{
    fn unpack(&mut self) {{
        self.iter_mut().for_each(C::unpack);
    }}
}}

impl<C: Carried> Carried for Vec<C> {{
    fn unpack(&mut self) {{
        self.iter_mut().for_each(C::unpack);
    }}
}}

impl<C: Carried> Carried for Box<C> {{
    fn unpack(&mut self) {{
        (**self).unpack();
    }}
}}

fn client(task: &Value) -> Client {{
    let address = task["address"].as_str().expect("an address");
    let retry = RetryPolicy::default().max_attempts(1);
    let client = Client::builder().base_url(address).retry(retry).build();
    client.expect("a client")
}}
"""
MAIN = """
async fn said(task: &Value) -> Said {{
    match task["number"].as_u64().expect("a number") {{
{arms}
        _ => Err("no such call".into()),
    }}
}}

#[tokio::main]
async fn main() {{
    for line in std::io::stdin().lines() {{
        let task: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let answer = match said(&task).await {{
            Ok(value) => json!({{ "value": value }}),
            Err(error) => json!({{ "error": format!("{{error}} {{error:?}}") }}),
        }};
        println!("{{answer}}");
    }}
}}
"""


@dataclass(frozen=True)
class RustCalls:
    """Writes the functions that make the calls of one crate."""

    api: Api
    crate: Crate
    paged: frozenset[str]

    @classmethod
    def of(cls, api: Api, config: Config) -> RustCalls:
        """Plan the crate, so that its names are known."""
        crate = Crate(api, config)
        tuple(crate.files())
        return cls(api, crate, crate.paged)

    def function(self, number: int, exchange: Exchange) -> str:
        """One call: its arguments out of a task, and what it gives as JSON."""
        lines: list[str] = []
        arguments: list[str] = []
        self._path(exchange, lines, arguments)
        if exchange.operation.body is not None:
            self._body(exchange.operation.body, exchange, lines, arguments)
        self._parameters(exchange, lines, arguments)
        operation = exchange.operation
        steps = [
            self.crate.called.accessors[operation.resource[: end + 1]].text
            for end in range(len(operation.resource))
        ] or [self.crate.called.accessors[()].text]
        key = (operation.resource, operation.method, exchange.streamed)
        method = self.crate.called.methods[key].text
        way = ".".join(["client", *(f"{step}()" for step in steps), method])
        call = f"{way}({', '.join(arguments)}).await?"
        body = "\n".join(
            f"    {line}" for line in (*lines, *self._gives(exchange, call))
        )
        head = f"async fn call_{number}(task: &Value, client: Client) -> Said"
        return f"{head} {{\n{body}\n}}\n"

    def _type(self, type_: TypeExpr) -> str:
        written = self.crate.definitions.types.write(type_, Imports(), TYPES)
        return written.text.replace("crate::", "sdk::")

    def _path(self, exchange: Exchange, lines: list[str], arguments: list[str]) -> None:
        types = self.crate.definitions.types
        for number, each in enumerate(exchange.operation.parameters):
            if each.place != "path":
                continue
            plain = types.resolve(each.type)
            kind = self._type(plain if isinstance(plain, Scalar) else each.type)
            lines.append(f'let p{number}: {kind} = given(task, "path {each.name}")?;')
            is_passed = isinstance(plain, Scalar) and not types.is_text(plain)
            arguments.append(f"p{number}" if is_passed else f"&p{number}")

    def _body(
        self, body: Body, exchange: Exchange, lines: list[str], arguments: list[str]
    ) -> None:
        arguments.append("body")
        if body.kind == "binary":
            lines.append('let body = bytes(&given::<String>(task, "body")?);')
            return
        if body.kind == "text":
            lines.append('let body: String = given(task, "body")?;')
            return
        kind = self._type(body.type)
        if exchange.body is ABSENT:
            lines.append("let body = None;")
            return
        lines.append(f'let mut body: {kind} = given(task, "body")?;')
        plain = self.crate.definitions.types.resolve(body.type)
        struct = self.api.definitions.get(plain.id) if isinstance(plain, Ref) else None
        for part in body.parts:
            if part.kind == "file" and isinstance(struct, Struct):
                member = self.crate.definitions.find(struct, part.field)
                assert member is not None
                lines.append(f"body.{member.name.text}.unpack();")
        if not body.required:
            lines.append("let body = Some(body);")

    def _parameters(
        self, exchange: Exchange, lines: list[str], arguments: list[str]
    ) -> None:
        operation, called = exchange.operation, self.crate.called
        key = (operation.resource, operation.method)
        struct = called.structs.get(key)
        if struct is None:
            return
        placed = [each for each in operation.parameters if each.place != "path"]
        members = self.crate.definitions.members(struct)
        needed: list[str] = []
        others: list[str] = []
        for number, (member, each) in enumerate(zip(members, placed, strict=True)):
            name = f"{each.place} {each.name}"
            if is_parameter(member):
                kind = self._type(member.type)
                kind = f"Option<{kind}>" if member.nullable else kind
                lines.append(f'let n{number}: {kind} = given(task, "{name}")?;')
                needed.append(f"n{number}")
            elif (each.name, each.place) in exchange.parameters:
                value = f'Some(given(task, "{name}")?)'
                others.append(f"params.{member.name.text} = {value};")
        path = called.parameters[key].text
        lines.append(f"let mut params = {path}::new({', '.join(needed)});")
        lines += others
        arguments.append("params")

    def _gives(self, exchange: Exchange, call: str) -> list[str]:
        operation, result = exchange.operation, exchange.operation.result
        if exchange.streamed:
            return [
                f"let mut stream = {call};",
                "let mut events = Vec::new();",
                "while let Some(event) = stream.next().await {",
                "    events.push(to_value(event?)?);",
                "}",
                "Ok(Value::Array(events))",
            ]
        if result is None:
            return [f"{call};", "Ok(Value::Null)"]
        if place_of(operation) in self.paged:
            return [
                f"let page = {call};",
                "Ok(to_value(page.into_body().into_items())?)",
            ]
        if result.kind == "binary":
            return [f"Ok(hexadecimal(&{call}).into())"]
        lines = [f"let answer = to_value({call})?;"]
        if operation.page is not None and operation.page.items_field:
            return [*lines, f'Ok(answer["{operation.page.items_field}"].clone())']
        return [*lines, "Ok(answer)"]


def write_program(
    calls: RustCalls, made: tuple[Exchange, ...], crate: str, package: Path
) -> Path:
    """Write the program beside a crate and give its folder."""
    folder = package.parent / "rust-loopback"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    manifest = rust_manifest(f"{crate}-loopback", crate, package, FURTHER)
    arms = "\n".join(
        f"        {number} => call_{number}(task, client(task)).await,"
        for number in range(len(made))
    )
    functions = [calls.function(number, each) for number, each in enumerate(made)]
    head = HEAD.format(module=crate.replace("-", "_"))
    (folder / "Cargo.toml").write_text(manifest, "utf-8")
    (folder / "src" / "main.rs").write_text(
        "\n".join([head, *functions, MAIN.format(arms=arms)]), "utf-8"
    )
    return folder
