//! Sums over vectors of numbers, against `spec/vectors/embeddings`.

use headgate_sdk::vectors::{self as sums, Metric};
use headgate_sdk::{Error, ErrorKind};
use serde_json::{json, Value};

use super::vectors::{self, check_keys, list};

const MEASURES: [&str; 4] = ["cosine", "dot", "euclidean", "manhattan"];

fn numbers(value: &Value) -> Vec<f64> {
    let number = |each: &Value| each.as_f64().expect("a number");
    list(value).iter().map(number).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    list(value).iter().map(numbers).collect()
}

fn measures(vector: &Value) -> Result<Value, Error> {
    let (a, b) = (numbers(&vector["a"]), numbers(&vector["b"]));
    Ok(json!({
        "cosine": sums::cosine(&a, &b)?,
        "dot": sums::dot(&a, &b)?,
        "euclidean": sums::euclidean(&a, &b)?,
        "manhattan": sums::manhattan(&a, &b)?,
    }))
}

fn nearest(vector: &Value) -> Result<Value, Error> {
    let metric = match vector["metric"].as_str() {
        None | Some("cosine") => Metric::Cosine,
        Some("dot") => Metric::Dot,
        Some("euclidean") => Metric::Euclidean,
        Some("manhattan") => Metric::Manhattan,
        Some(other) => panic!("an unknown metric: {other}"),
    };
    let top_k = vector["top_k"].as_u64().map(|count| count as usize);
    let (query, candidates) = (numbers(&vector["query"]), rows(&vector["candidates"]));
    let found = sums::find_most_similar(&query, &candidates, metric, top_k)?;
    let shown = |each: &sums::Match| json!({"index": each.index, "score": each.score});
    Ok(found.iter().map(shown).collect())
}

fn run(class: &str, vector: &Value) -> Result<Value, Error> {
    match class {
        "measures" => measures(vector),
        "normalize" => Ok(json!(sums::normalize(&numbers(&vector["vector"])))),
        "average" => Ok(json!(sums::average(&rows(&vector["vectors"]))?)),
        "encodings" => Ok(json!(sums::numbers_of(&vector["vector"])?)),
        "nearest" => nearest(vector),
        other => panic!("an unknown class: {other}"),
    }
}

/// Numbers are compared to one part in 10^12 and 0 is not -0, everything around them as it is.
fn is_close(found: &Value, stated: &Value) -> bool {
    match (found, stated) {
        (Value::Array(found), Value::Array(stated)) => {
            found.len() == stated.len()
                && found
                    .iter()
                    .zip(stated)
                    .all(|(one, other)| is_close(one, other))
        }
        (Value::Object(found), Value::Object(stated)) => {
            found.len() == stated.len()
                && found.iter().all(|(key, one)| is_close(one, &stated[key]))
        }
        (Value::Number(found), Value::Number(stated)) => {
            let (one, other) = (found.as_f64(), stated.as_f64());
            let (one, other) = (one.expect("a number"), other.expect("a number"));
            let same_zero = one != other || one.is_sign_negative() == other.is_sign_negative();
            same_zero && (one - other).abs() <= 1e-12 * one.abs().max(other.abs())
        }
        _ => false,
    }
}

/// What is summed comes to what is stated, or fails in the way that is stated.
#[test]
fn sums_come_to_what_is_stated() {
    let own = [
        "name", "note", "expect", "error", "a", "b", "vector", "vectors",
    ];
    let more = ["query", "candidates", "metric", "top_k"];
    let known: Vec<&str> = own.into_iter().chain(more).chain(MEASURES).collect();
    for file in vectors::read("embeddings") {
        for (label, vector) in file.vectors() {
            check_keys(&label, vector, &known);
            let found = run(&file.class, vector);
            match vector["error"].as_str() {
                Some("configuration") => {
                    let error = found.expect_err(&label);
                    assert_eq!(error.kind(), ErrorKind::Configuration, "{label}");
                }
                Some("decode") => assert!(found.expect_err(&label).is_decode(), "{label}"),
                Some(other) => panic!("an unknown error: {other}"),
                None => {
                    let found = found.expect(&label);
                    let stated = match file.class.as_str() {
                        "measures" => json!({
                            "cosine": vector["cosine"],
                            "dot": vector["dot"],
                            "euclidean": vector["euclidean"],
                            "manhattan": vector["manhattan"],
                        }),
                        _ => vector["expect"].clone(),
                    };
                    assert!(
                        is_close(&found, &stated),
                        "{label}: {found} is not {stated}"
                    );
                }
            }
        }
    }
}
