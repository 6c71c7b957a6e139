//! Part of the generated SDK's fixed runtime: sums over vectors of numbers.

use serde::Serialize;
use serde_json::Value;

use super::base64;
use super::error::Error;

/// How two vectors are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Metric {
    /// The cosine of the angle between them; greatest where they are alike.
    #[default]
    Cosine,
    /// The sum of their numbers' products; greatest where they are alike.
    Dot,
    /// The length of the straight way between them.
    Euclidean,
    /// The sum of the distances between their numbers.
    Manhattan,
}

type Measure = fn(&[f64], &[f64]) -> Result<f64, Error>;

/// A candidate: its place in the list, and how it compares with the query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// Its place among the candidates.
    pub index: usize,
    /// What the metric says of it.
    pub score: f64,
}

/// The sum of the products of the vectors' numbers.
pub fn dot(a: &[f64], b: &[f64]) -> Result<f64, Error> {
    sum(a, b, |x, y| x * y)
}

/// The cosine of the angle between two vectors, -1 to 1; 0 to a zero vector.
pub fn cosine(a: &[f64], b: &[f64]) -> Result<f64, Error> {
    Ok(dot(&normalize(a), &normalize(b))?.clamp(-1.0, 1.0))
}

/// The length of the straight way between two vectors.
pub fn euclidean(a: &[f64], b: &[f64]) -> Result<f64, Error> {
    check(a, b)?;
    let between: Vec<f64> = a.iter().zip(b).map(|(x, y)| x - y).collect();
    Ok(length(&between))
}

/// The sum of the distances between the vectors' numbers.
pub fn manhattan(a: &[f64], b: &[f64]) -> Result<f64, Error> {
    sum(a, b, |x, y| (x - y).abs())
}

/// The vector of length 1 in the same direction; a zero vector stays so.
pub fn normalize(vector: &[f64]) -> Vec<f64> {
    let whole = length(vector);
    let part = |x: &f64| if whole == 0.0 { 0.0 } else { x / whole };
    vector.iter().map(part).collect()
}

/// The mean of vectors, number by number.
pub fn average<V: AsRef<[f64]>>(vectors: &[V]) -> Result<Vec<f64>, Error> {
    let Some(first) = vectors.first() else {
        return Err(Error::configuration("there is no average of no vectors"));
    };
    let mut total = vec![0.0; first.as_ref().len()];
    for each in vectors {
        check(&total, each.as_ref())?;
        for (sum, number) in total.iter_mut().zip(each.as_ref()) {
            *sum += number;
        }
    }
    let count = vectors.len() as f64;
    Ok(total.into_iter().map(|sum| sum / count).collect())
}

/// Compares each candidate with the query; the nearest first, equals as they stand.
///
/// Of the matches, `top_k` are given at most.
pub fn find_most_similar<V: AsRef<[f64]>>(
    query: &[f64],
    candidates: &[V],
    metric: Metric,
    top_k: Option<usize>,
) -> Result<Vec<Match>, Error> {
    if top_k == Some(0) {
        return Err(Error::configuration("top_k is a whole number from 1 on"));
    }
    let (measure, sign): (Measure, f64) = match metric {
        Metric::Cosine => (cosine, -1.0),
        Metric::Dot => (dot, -1.0),
        Metric::Euclidean => (euclidean, 1.0),
        Metric::Manhattan => (manhattan, 1.0),
    };
    let mut found = Vec::with_capacity(candidates.len());
    for (index, each) in candidates.iter().enumerate() {
        let score = measure(query, each.as_ref())?;
        found.push(Match { index, score });
    }
    found.sort_by(|a, b| (sign * a.score).total_cmp(&(sign * b.score)));
    found.truncate(top_k.unwrap_or(candidates.len()));
    Ok(found)
}

/// A vector's numbers; in base64 they are little-endian 32-bit floats.
pub fn numbers_of<V: Serialize>(vector: &V) -> Result<Vec<f64>, Error> {
    match serde_json::to_value(vector) {
        Ok(Value::String(text)) => from_text(&text),
        Ok(other) => serde_json::from_value(other.clone())
            .map_err(|error| Error::decode(&other.to_string(), error)),
        Err(error) => Err(Error::decode("", error)),
    }
}

fn from_text(text: &str) -> Result<Vec<f64>, Error> {
    let said = "the vector is no base64 of 32-bit floats";
    let bytes = base64::decode(text)
        .filter(|bytes| bytes.len() % 4 == 0)
        .ok_or_else(|| Error::decode(text, said))?;
    let float = |four: &[u8]| f64::from(f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
    Ok(bytes.chunks_exact(4).map(float).collect())
}

/// The length of a vector, also where squares of its numbers are out of range.
fn length(vector: &[f64]) -> f64 {
    let greatest = vector.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    if greatest == 0.0 {
        return 0.0;
    }
    let squares: f64 = vector.iter().map(|x| (x / greatest).powi(2)).sum();
    greatest * squares.sqrt()
}

fn sum(a: &[f64], b: &[f64], term: impl Fn(f64, f64) -> f64) -> Result<f64, Error> {
    check(a, b)?;
    // The library's sum of no numbers is -0.
    let terms = a.iter().zip(b).map(|(x, y)| term(*x, *y));
    Ok(terms.fold(0.0, |total, each| total + each))
}

fn check(a: &[f64], b: &[f64]) -> Result<(), Error> {
    if a.len() == b.len() {
        return Ok(());
    }
    let (a, b) = (a.len(), b.len());
    Err(Error::configuration(format!(
        "vectors of {a} and {b} numbers do not compare"
    )))
}
