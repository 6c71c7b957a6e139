//! Unions without a tag, told apart by the shape of a value.

use headgate_sdk::runtime::shape::Choice;
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
