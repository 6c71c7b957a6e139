//! Parameters as text against `spec/vectors/parameters`.

use headgate_sdk::runtime::parameters::{
    cookie_text, header_text, json_text, path_text, query_text, Pair, PathStyle, Style,
};
use serde_json::{json, Value};

use super::vectors::{self, check_keys};

fn query(style: &str, explode: bool, reserved: bool, value: &Value) -> Option<String> {
    let style = match (style, explode) {
        ("deepObject", _) => Style::Deep,
        ("json", _) => {
            let text = json!(json_text(value));
            return some(&Pair::of("c", &text, Style::Repeated, reserved));
        }
        (_, true) => Style::Repeated,
        ("form", false) => Style::Comma,
        ("spaceDelimited", false) => Style::Space,
        ("pipeDelimited", false) => Style::Pipe,
        (other, _) => panic!("unknown style {other}"),
    };
    some(&Pair::of("c", value, style, reserved))
}

fn some(pairs: &[Pair]) -> Option<String> {
    (!pairs.is_empty()).then(|| query_text(pairs))
}

fn path(style: &str, explode: bool, value: &Value) -> String {
    let style = match style {
        "simple" | "json" => PathStyle::Simple,
        "label" => PathStyle::Label,
        "matrix" => PathStyle::Matrix,
        other => panic!("unknown style {other}"),
    };
    path_text("c", value, style, explode)
}

/// A value is written so, wherever it stands.
#[test]
fn parameters_are_written_as_stated() {
    for file in vectors::read("parameters") {
        for (label, vector) in file.vectors() {
            let keys = [
                "name",
                "note",
                "style",
                "explode",
                "allow_reserved",
                "value",
                "written",
            ];
            check_keys(&label, vector, &keys);
            let style = vector["style"].as_str().expect("a style");
            let explode = vector["explode"].as_bool().expect("whether it explodes");
            let reserved = vector["allow_reserved"] == json!(true);
            let as_json = json!(json_text(&vector["value"]));
            let value = match (&*file.class, style) {
                ("path" | "header" | "cookie", "json") => &as_json,
                _ => &vector["value"],
            };

            let written = match &*file.class {
                "query" => query(style, explode, reserved, value),
                "path" => Some(path(style, explode, value)),
                "header" => header_text(value, explode),
                "cookie" => header_text(value, false).map(|text| cookie_text("c", &text)),
                other => panic!("unknown class {other}"),
            };

            assert_eq!(json!(written), vector["written"], "{label}");
        }
    }
}
