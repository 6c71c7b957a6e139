//! The types on their own: what they keep, what they refuse.

use headgate_sdk::types::{
    ContentBlock, MediaSource, MessageParam, Run, StopReason, TextBlock, UserMessageParam,
};
use serde_json::{from_value, json, to_value};

/// An unknown value of an enum survives the way in and out.
#[test]
fn unknown_values_survive() {
    let reason: StopReason = from_value(json!("sleepy")).expect("a reason");

    assert_eq!(reason, StopReason::Unknown("sleepy".to_owned()));
    assert_eq!(reason.as_str(), "sleepy");
    assert_eq!(to_value(&reason).expect("JSON"), json!("sleepy"));
}

/// An unknown variant keeps all that was sent.
#[test]
fn unknown_variants_keep_what_was_sent() {
    let sent = json!({"of": "rain", "type": "smell", "deep": {"type": "text"}});

    let block: ContentBlock = from_value(sent.clone()).expect("a block");

    assert!(matches!(&block, ContentBlock::Unknown(fields) if fields["of"] == "rain"));
    assert_eq!(to_value(&block).expect("JSON"), sent);
}

/// Unknown properties are kept and written again.
#[test]
fn unknown_properties_are_kept() {
    let sent = json!({"type": "text", "text": "hi", "citations": [1, 2]});

    let block: TextBlock = from_value(sent.clone()).expect("a block");

    assert_eq!(block.extra["citations"], json!([1, 2]));
    assert_eq!(to_value(&block).expect("JSON"), sent);
}

/// The tag may come anywhere in the object.
#[test]
fn a_tag_may_come_last() {
    let text = r#"{"url":"https://example.invalid/a.png","new":{"b":1},"type":"url"}"#;

    let source: MediaSource = serde_json::from_str(text).expect("a source");

    let MediaSource::Url(source) = source else {
        panic!("not a URL: {source:?}");
    };
    assert_eq!(source.url, "https://example.invalid/a.png");
    assert_eq!(source.extra["new"], json!({"b": 1}));
}

/// A known variant that is broken is an error, not an unknown one.
#[test]
fn a_broken_variant_is_an_error() {
    let broken: Result<ContentBlock, _> = from_value(json!({"type": "text", "text": 7}));

    assert!(broken.is_err());
}

/// What callers send is closed: an unknown kind of message is refused.
#[test]
fn sent_unions_are_closed() {
    let refused: Result<MessageParam, _> = from_value(json!({"role": "wizard", "content": "hi"}));

    let told = refused.expect_err("a refusal").to_string();
    assert_eq!(told, "unknown variant `wizard`");
}

/// A content of text or blocks is made from either.
#[test]
fn contents_convert() {
    let message: MessageParam = UserMessageParam::new("hi").into();

    let expected = json!({"role": "user", "content": "hi"});
    assert_eq!(to_value(message).expect("JSON"), expected);
}

/// A missing required property of an answer is an error that names it.
#[test]
fn a_missing_property_is_named() {
    let told = from_value::<Run>(json!({"id": "run_1"})).expect_err("a refusal");

    assert_eq!(told.to_string(), "missing field `status`");
}
