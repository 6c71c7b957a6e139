//! Webhooks: who may say what, and when.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac};
use sha2::Sha256;
use wire_forms_sdk::webhooks::{unwrap, verify, WebhookEvent};
use wire_forms_sdk::{Error, ErrorKind, HeaderMap, HeaderValue};

/// The example of the Standard Webhooks specification.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const EVER: Duration = Duration::from_secs(u64::MAX);

fn headers(id: &str, timestamp: &str, signature: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("webhook-id", id),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", signature),
    ] {
        headers.insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    headers
}

fn kind(result: Result<(), Error>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

/// The specification's example is right, with or without the secret's beginning.
#[test]
fn the_example_is_right() {
    let many = format!("v1,AAAA v2,x {SIGNATURE}");
    for (secret, signature) in [(SECRET, SIGNATURE), (&SECRET[6..], &many)] {
        let headers = headers(ID, "1614265330", signature);

        assert_eq!(kind(verify(BODY, &headers, secret, EVER)), None);
    }
}

/// Another body, id, time, secret or signature is refused, and so is what is missing.
#[test]
fn what_differs_is_refused() {
    let right = || headers(ID, "1614265330", SIGNATURE);
    let mut missing = right();
    missing.remove("webhook-signature");
    let refused = Some(ErrorKind::WebhookVerification);

    for (body, headers) in [
        (&b"{}"[..], right()),
        (BODY, headers("msg_other", "1614265330", SIGNATURE)),
        (BODY, headers(ID, "1614265331", SIGNATURE)),
        (BODY, headers(ID, "soon", SIGNATURE)),
        (
            BODY,
            headers(ID, "1614265330", &SIGNATURE.replace("v1", "v2")),
        ),
        (BODY, headers(ID, "1614265330", "v1,")),
        (BODY, missing),
    ] {
        assert_eq!(kind(verify(body, &headers, SECRET, EVER)), refused);
    }
    let other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx";
    assert_eq!(kind(verify(BODY, &right(), other, EVER)), refused);
    let old = kind(verify(BODY, &right(), SECRET, Duration::from_secs(300)));
    assert_eq!(old, refused);
}

/// One of several secrets will do, as in a rotation, however they are held.
#[test]
fn one_of_several_secrets_will_do() {
    let other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx";
    let right = headers(ID, "1614265330", SIGNATURE);
    let several = vec![other.to_owned(), SECRET.to_owned()];

    assert_eq!(kind(verify(BODY, &right, &several, EVER)), None);
    assert_eq!(kind(verify(BODY, &right, &several[1], EVER)), None);
    assert_eq!(kind(verify(BODY, &right, &several[1..], EVER)), None);
    assert_eq!(kind(verify(BODY, &right, &[SECRET, other], EVER)), None);
    let refused = Some(ErrorKind::WebhookVerification);
    assert_eq!(kind(verify(BODY, &right, &[other, other], EVER)), refused);
    let unread = kind(verify(BODY, &right, &[SECRET, ""], EVER));
    assert_eq!(unread, Some(ErrorKind::Configuration));
}

/// An empty secret is refused, and no secret: anybody can sign with it.
#[test]
fn an_empty_secret_is_refused() {
    let none: [&str; 0] = [];
    let told = kind(verify(BODY, &signed_with(&[], BODY), &none, EVER));
    assert_eq!(told, Some(ErrorKind::Configuration));
    for secret in ["", "whsec_"] {
        let forged = signed_with(&[], BODY);

        let told = kind(verify(BODY, &forged, secret, EVER));

        assert_eq!(told, Some(ErrorKind::Configuration));
    }
}

fn signed(body: &[u8]) -> HeaderMap {
    signed_with(&[0; 3], body)
}

fn signed_with(key: &[u8], body: &[u8]) -> HeaderMap {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a time");
    let timestamp = now.as_secs().to_string();
    let mut made = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    made.update(format!("{ID}.{timestamp}.").as_bytes());
    made.update(body);
    let bytes = made.finalize().into_bytes();
    headers(ID, &timestamp, &format!("v1,{}", base64(&bytes)))
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks(3).flat_map(|group| {
        let bits = (0..3).fold(0, |bits, at| {
            bits << 8 | usize::from(*group.get(at).unwrap_or(&0))
        });
        (0..4).map(move |place| match place <= group.len() {
            true => char::from(ALPHABET[bits >> (18 - 6 * place) & 63]),
            false => '=',
        })
    });
    groups.collect()
}

/// A webhook of now is read as its type; one that nobody knows keeps its JSON.
#[test]
fn webhooks_are_read_as_their_types() {
    let read = |body: &str| unwrap(body.as_bytes(), &signed(body.as_bytes()), "AAAA");

    let stored = read(r#"{"type": "item.stored", "item": {"id": "7"}}"#).expect("a webhook");
    let lost = read(r#"{"type": "item.lost", "id": "8"}"#).expect("a webhook");
    let unknown = read(r#"{"type": "item.sold"}"#).expect("a webhook");
    let broken = read("{").expect_err("no JSON");

    assert!(matches!(&stored, WebhookEvent::ItemStored(event) if event.item.id == "7"));
    assert!(matches!(&lost, WebhookEvent::ItemLost(event) if event.id == "8"));
    assert!(matches!(&unknown, WebhookEvent::Unknown(value) if value["type"] == "item.sold"));
    assert_eq!(broken.body(), Some("{"));
}
