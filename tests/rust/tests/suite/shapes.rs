//! Unions without a tag, told apart by the shape of a value.

use headgate_sdk::runtime::shape::Choice;
use headgate_sdk::runtime::tagged::{self, Fields, Tagged};
use serde::de::MapAccess;
use serde::Deserialize;
use serde_json::{json, Value};

#[derive(Debug, PartialEq, Deserialize)]
struct Circle {
    radius: Option<f64>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Rectangle {
    width: Option<f64>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Fast,
}

#[derive(Debug, PartialEq)]
enum Shape {
    Circle(Circle),
    Rectangle(Rectangle),
    Rectangles(Vec<Rectangle>),
    Number(f64),
    Integer(i64),
    Text(String),
    Mode(Mode),
}

fn read(value: Value) -> Result<Shape, Value> {
    let mut choice = Choice::new(value);
    choice.object(&["radius"], Shape::Circle);
    choice.object(&["width"], Shape::Rectangle);
    choice.objects(&["width"], Shape::Rectangles);
    choice.number(Shape::Number);
    choice.integer(Shape::Integer);
    choice.text(&[], Shape::Text);
    choice.text(&["fast"], Shape::Mode);
    choice.finish()
}

/// An object goes to the variant whose own properties it has, not to the first.
#[test]
fn an_object_is_told_by_its_properties() {
    let width = Some(2.0);
    assert_eq!(
        read(json!({"width": 2.0})),
        Ok(Shape::Rectangle(Rectangle { width }))
    );
    assert_eq!(
        read(json!([{"width": 2.0}])),
        Ok(Shape::Rectangles(vec![Rectangle { width }]))
    );
}

/// Where all fit alike the first is meant.
#[test]
fn the_first_is_meant_where_all_fit_alike() {
    assert_eq!(read(json!({})), Ok(Shape::Circle(Circle { radius: None })));
}

/// An integer stays one beside numbers, and a known text a known one beside any text.
#[test]
fn the_narrower_scalar_is_meant() {
    assert_eq!(read(json!(3)), Ok(Shape::Integer(3)));
    assert_eq!(read(json!(3.5)), Ok(Shape::Number(3.5)));
    assert_eq!(read(json!("fast")), Ok(Shape::Mode(Mode::Fast)));
    assert_eq!(read(json!("slow")), Ok(Shape::Text("slow".to_owned())));
}

/// What fits nothing comes back unchanged.
#[test]
fn what_fits_nothing_comes_back() {
    assert_eq!(read(json!(true)), Err(json!(true)));
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Appended {
    r#type: Option<String>,
    audio: String,
}

#[derive(Debug, PartialEq)]
enum Signal {
    Appended(Appended),
}

impl Tagged for Signal {
    const TAG: &'static str = "type";

    fn variant<'de, A: MapAccess<'de>>(
        tag: Option<&str>,
        fields: Fields<'_, A>,
    ) -> Result<Self, A::Error> {
        match tag {
            Some("append") => fields.read(Self::Appended),
            _ => Err(tagged::unknown_tag(tag)),
        }
    }
}

/// A variant may hold its tag in a field that it need not have.
#[test]
fn tags_may_be_optional_in_their_variants() {
    for text in [
        r#"{"type": "append", "audio": "x"}"#,
        r#"{"audio": "x", "type": "append"}"#,
        r#"{"audio": "x", "ty\u0070e": "a\u0070pend"}"#,
    ] {
        let mut reader = serde_json::Deserializer::from_str(text);
        let signal: Signal = tagged::deserialize(&mut reader).expect("a signal");

        let expected = Appended {
            r#type: Some("append".to_owned()),
            audio: "x".to_owned(),
        };
        assert_eq!(signal, Signal::Appended(expected), "{text}");
    }
}
