//! Requests on the wire against `spec/vectors/headers`.

use std::sync::Arc;

use headgate_sdk::runtime::call::{Json, Reply};
use headgate_sdk::runtime::config::{Config, NamedHeaders, Place, Scheme, Service};
use headgate_sdk::runtime::request::{Idempotency, Operation, Request, Style};
use headgate_sdk::runtime::stream::Streaming;
use headgate_sdk::runtime::transport::Core;
use headgate_sdk::streams::MessageKind;
use headgate_sdk::{Call, Error, ErrorKind, ERROR_SHAPE};
use serde_json::{json, Map, Value};

use super::vectors::{self, check_keys, list, text};

/// Our prefix for the variables of vectors, so that no other test's client reads them.
const PREFIX: &str = "HEADGATE_VECTORS";

fn fixed(value: &Value) -> &'static str {
    Box::leak(text(value).expect("a text").into_boxed_str())
}

fn place(scheme: &Value) -> Place {
    match scheme["place"].as_str() {
        Some("bearer") => Place::Bearer,
        Some("basic") => Place::Basic,
        Some("header") => Place::Header(fixed(&scheme["name"])),
        Some("query") => Place::Query(fixed(&scheme["name"])),
        Some("cookie") => Place::Cookie(fixed(&scheme["name"])),
        other => panic!("unknown place {other:?}"),
    }
}

fn service(product: &Value, credentials: &Value) -> &'static Service {
    let scheme = |scheme: &Value| Scheme {
        option: fixed(&scheme["option"]),
        place: place(scheme),
    };
    let map = |map: &Value| -> &'static NamedHeaders {
        let prefix = fixed(&map["prefix"]);
        let member = |name: &Value| -> (&'static str, &'static str) {
            let name = text(name).expect("a name");
            (name.to_lowercase().leak(), format!("{prefix}{name}").leak())
        };
        let members: Vec<_> = list(&map["members"]).iter().map(member).collect();
        Box::leak(Box::new(NamedHeaders {
            option: "provider_key",
            prefix,
            members: members.leak(),
        }))
    };
    let schemes: Vec<Scheme> = list(credentials).iter().map(scheme).collect();
    let maps: Vec<_> = list(&product["header_maps"]).iter().map(map).collect();
    Box::leak(Box::new(Service {
        server_variables: &[],
        base_url: Some(fixed(&product["default_base_url"])),
        environment_prefix: PREFIX,
        user_agent: format!("{}-rust/0.1.0", fixed(&product["user_agent"])).leak(),
        sdk_header: Some((fixed(&product["sdk_header"]), "rust/0.1.0")),
        request_id_header: Some(fixed(&product["request_id_header"])),
        idempotency_header: Some(fixed(&product["idempotency_header"])),
        attempt_header: Some(fixed(&product["attempt_header"])),
        schemes: schemes.leak(),
        header_maps: maps.leak(),
        header_options: &[],
        errors: ERROR_SHAPE,
    }))
}

fn operation(operation: &Value, service: &Service) -> &'static Operation {
    let index = |option: &Value| {
        let mut schemes = service.schemes.iter();
        schemes
            .position(|scheme| *option == scheme.option)
            .expect("a scheme")
    };
    let set = |set: &Value| -> &'static [usize] {
        list(set).iter().map(index).collect::<Vec<_>>().leak()
    };
    let security: Vec<_> = list(&operation["credentials"]).iter().map(set).collect();
    Box::leak(Box::new(Operation {
        method: fixed(&operation["method"]),
        path: fixed(&operation["path"]),
        security: security.leak(),
        idempotency: match operation["idempotency"].as_str() {
            Some("key") => Idempotency::Key,
            Some("natural") => Idempotency::Natural,
            Some("none") => Idempotency::None,
            other => panic!("unknown idempotency {other:?}"),
        },
    }))
}

fn core(label: &str, client: &Value, service: &'static Service) -> Result<Core, Error> {
    let keys = [
        "base_url",
        "api_key",
        "admin_key",
        "secrets",
        "provider_keys",
        "headers",
        "platform_headers",
    ];
    check_keys(label, client, &keys);
    let mut config = Config::default();
    if let Some(url) = client["base_url"].as_str() {
        config.base_url(url.to_owned());
    }
    for scheme in service.schemes {
        let own = client
            .get(scheme.option)
            .or_else(|| client["secrets"].get(scheme.option));
        if let Some(value) = own.and_then(Value::as_str) {
            config.credential(scheme.option, value.to_owned());
        }
    }
    for (name, value) in vectors::headers(&client["provider_keys"]) {
        config.named_header(service.header_maps[0], name, value);
    }
    for (name, value) in fields(&client["headers"]) {
        config.header(name.clone(), text(value));
    }
    config.platform_headers(client["platform_headers"] != false);
    config.build(service)
}

fn fields(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn request(label: &str, arguments: &Value, operation: &'static Operation) -> Request {
    let mut request = Request::new(operation);
    if arguments.is_null() {
        return request;
    }
    check_keys(label, arguments, &["path", "query", "headers", "body"]);
    let name = |name: &String| -> &'static str { name.clone().leak() };
    for (key, value) in fields(&arguments["path"]) {
        request.path(name(key), value);
    }
    for (key, value) in ordered(&arguments["query"]) {
        request.query(name(&key), &value, Style::Repeated);
    }
    for (key, value) in fields(&arguments["headers"]) {
        request.header(name(key), value);
    }
    if let Some(body) = arguments.get("body") {
        request.json(body);
    }
    request
}

/// The parameters of a query in the order of the file, which JSON objects here do not keep.
fn ordered(query: &Value) -> Vec<(String, Value)> {
    let names = ["z", "a", "m"];
    let rank = |name: &str| names.iter().position(|known| *known == name).unwrap_or(3);
    let mut pairs: Vec<_> = fields(query)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if pairs.len() == names.len() && pairs.iter().all(|(name, _)| rank(name) < 3) {
        pairs.sort_by_key(|(name, _)| rank(name));
    }
    pairs
}

fn call<R: Reply>(
    label: &str,
    options: &Value,
    core: &Arc<Core>,
    request: Request,
    map: &NamedHeaders,
) -> Call<R> {
    let mut call = Call::<R>::new(core, request);
    if options.is_null() {
        return call;
    }
    let keys = [
        "headers",
        "query",
        "extra_body",
        "idempotency_key",
        "provider_keys",
    ];
    check_keys(label, options, &keys);
    for (name, value) in fields(&options["headers"]) {
        call = match text(value) {
            Some(value) => call.header(name, value),
            None => call.without_header(name),
        };
    }
    for (name, value) in fields(&options["query"]) {
        call = call.extra_query(name, value.clone());
    }
    for (name, value) in fields(&options["extra_body"]) {
        call = call.extra_body(name, value.clone());
    }
    for (name, value) in fields(&options["provider_keys"]) {
        call = match text(value) {
            Some(value) => call.named_header(map, name, value),
            None => call.without_header(map.header(name)),
        };
    }
    match text(&options["idempotency_key"]) {
        Some(key) => call.idempotency_key(key),
        None => call,
    }
}

/// A request as vectors state it: its parts, and whether it may be repeated.
type Prepared = (reqwest::Request, bool);

fn prepare(label: &str, file: &Value, vector: &Value) -> Result<Prepared, Error> {
    let product = &file["product"];
    let credentials = vector.get("credentials").unwrap_or(&product["credentials"]);
    let service = service(product, credentials);
    let names: Vec<String> = fields(&vector["environment"])
        .map(|(name, value)| {
            let name = name.replacen("HEADGATE", PREFIX, 1);
            std::env::set_var(&name, text(value).expect("a text"));
            name
        })
        .collect();
    let core = core(label, &vector["client"], service);
    names.iter().for_each(|name| std::env::remove_var(name));
    let core = Arc::new(core?);
    let operation = operation(&vector["operation"], service);
    let request = request(label, &vector["arguments"], operation);
    let (options, map) = (&vector["options"], service.header_maps[0]);
    if vector["operation"]["accept"] == "text/event-stream" {
        return prepared(call::<Streaming<MessageKind>>(
            label, options, &core, request, map,
        ));
    }
    assert_eq!(vector["operation"]["accept"], "application/json", "{label}");
    prepared(call::<Json<Value>>(label, options, &core, request, map))
}

fn prepared<R: Reply>(call: Call<R>) -> Result<Prepared, Error> {
    Ok((call.to_request()?, call.is_repeatable()?))
}

/// Every request goes out as stated, or is refused before that.
#[test]
fn requests_go_out_as_stated() {
    for file in vectors::read("headers") {
        for (label, vector) in file.vectors() {
            let keys = [
                "name",
                "note",
                "client",
                "environment",
                "operation",
                "arguments",
                "options",
                "credentials",
                "expect",
            ];
            check_keys(&label, vector, &keys);
            let expect = &vector["expect"];
            let known = ["url", "headers", "body", "repeatable", "error", "not_shown"];
            check_keys(&label, expect, &known);
            match prepare(&label, &file.whole, vector) {
                Ok((request, repeatable)) => {
                    check_request(&label, &file.whole["always"], expect, &request);
                    if let Some(expected) = expect.get("repeatable") {
                        assert_eq!(json!(repeatable), *expected, "{label}: repeatable");
                    }
                }
                Err(error) => check_refusal(&label, expect, &error),
            }
        }
    }
}

fn check_refusal(label: &str, expect: &Value, error: &Error) {
    assert_eq!(expect["error"], "ConfigurationError", "{label}: {error:?}");
    assert_eq!(error.kind(), ErrorKind::Configuration, "{label}");
    for hidden in expect["not_shown"].as_array().into_iter().flatten() {
        let hidden = hidden.as_str().expect("a text");
        let all = format!("{error}{error:?}{error:#?}");
        assert!(!all.contains(hidden), "{label}: {all}");
    }
}

fn check_request(label: &str, always: &Value, expect: &Value, request: &reqwest::Request) {
    assert_eq!(expect.get("error"), None, "{label}");
    assert_eq!(json!(request.url().as_str()), expect["url"], "{label}");
    let mut expected: Map<String, Value> = Map::new();
    for (name, value) in fields(always).chain(fields(&expect["headers"])) {
        expected.insert(name.to_lowercase(), value.clone());
    }
    expected.retain(|_, value| !value.is_null());
    for (name, value) in request.headers() {
        let found = value.to_str().expect("a text");
        let wanted = expected.remove(name.as_str());
        let wanted = wanted.unwrap_or_else(|| panic!("{label}: {name} is sent"));
        assert!(
            fits(&wanted, found),
            "{label}: {name} is {found}, not {wanted}"
        );
    }
    assert!(expected.is_empty(), "{label}: {expected:?} is not sent");
    let body = request.body().and_then(reqwest::Body::as_bytes);
    let body: Option<Value> = body.map(|body| serde_json::from_slice(body).expect("JSON"));
    assert_eq!(body.as_ref(), expect.get("body"), "{label}: body");
}

fn fits(wanted: &Value, found: &str) -> bool {
    match wanted["matches"].as_str() {
        None => *wanted == found,
        Some(r"^headgate-sdk\b") => {
            let rest = found.strip_prefix("headgate-sdk");
            rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()))
        }
        Some("^(python|typescript|rust)/[0-9]") => found.starts_with("rust/0"),
        Some("^[!-~]{16,255}$") => {
            (16..=255).contains(&found.len()) && found.bytes().all(|byte| byte.is_ascii_graphic())
        }
        Some(other) => panic!("unknown pattern {other}"),
    }
}
