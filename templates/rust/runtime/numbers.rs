//! Part of the generated SDK's fixed runtime: whole numbers are kept as they came, or refused.
//!
//! What is read without a type of its own holds 64 bits, and beyond them a number with
//! a point: a whole number that would not be the same afterwards must not pass for it.

use serde::de::{Deserialize, Error};

/// The fewest digits of a number that 64 bits may not hold.
const LONG: usize = 19;

/// Reads JSON in which every whole number can be kept.
pub fn read<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, serde_json::Error> {
    check(text)?;
    serde_json::from_slice(text)
}

/// Looks for a whole number that cannot be kept.
pub fn check(text: &[u8]) -> Result<(), serde_json::Error> {
    if !has_long(text) {
        return Ok(());
    }
    let mut quoted = false;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 1,
            b'"' => quoted = !quoted,
            b'-' | b'0'..=b'9' if !quoted => {
                let token = number(&text[at..]);
                if !is_kept(token) {
                    let message = format_args!("the number {token:.40} is too large to be kept");
                    return Err(serde_json::Error::custom(message));
                }
                at += token.len().saturating_sub(1);
            }
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// Whether there are that many digits in a row; looks at a few of the bytes only.
fn has_long(text: &[u8]) -> bool {
    let digits = |side: &mut dyn Iterator<Item = &u8>| {
        let are = side.take_while(|byte| byte.is_ascii_digit());
        are.take(LONG).count()
    };
    let reaches = |at: usize| {
        let (before, after) = text.split_at(at);
        text[at].is_ascii_digit()
            && digits(&mut before.iter().rev()) + digits(&mut after.iter()) >= LONG
    };
    (LONG - 1..text.len()).step_by(LONG).any(reaches)
}

fn number(text: &[u8]) -> &str {
    let is_of_it = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let end = text.iter().take_while(|byte| is_of_it(byte)).count();
    std::str::from_utf8(&text[..end]).unwrap_or_default()
}

/// Whether a whole number fits, or is the same as a number with a point.
fn is_kept(token: &str) -> bool {
    let digits = token.strip_prefix('-').unwrap_or(token);
    if digits.len() < LONG || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return true;
    }
    if token.parse::<u64>().is_ok() || token.parse::<i64>().is_ok() {
        return true;
    }
    let Ok(number) = token.parse::<f64>() else {
        return false;
    };
    let is_shortest = number.abs() < 1e21 && number.to_string() == token;
    is_shortest || (number.is_finite() && format!("{number:.0}") == token)
}
