//! Part of the generated SDK's fixed runtime: where requests are sent.

use std::collections::BTreeMap;

use reqwest::Url;

use super::config::Service;
use super::error::Error;

/// A part of the base URL that may be set.
#[derive(Debug)]
pub struct ServerVariable {
    /// Its name in the base URL.
    pub name: &'static str,
    /// What it is unless it is set.
    pub default: &'static str,
    /// All that it may be; none: anything.
    pub values: &'static [&'static str],
}

/// Gives the address that paths are appended to.
pub(super) fn base_url(
    given: Option<String>,
    server: &BTreeMap<&'static str, String>,
    service: &Service,
) -> Result<Url, Error> {
    let own = || -> Result<String, Error> {
        let template = service.base_url;
        let template = template.ok_or_else(|| Error::configuration("no base URL is set"))?;
        with_variables(template, server, service.server_variables)
    };
    let text = given.map_or_else(own, Ok)?;
    let url = Url::parse(text.trim())
        .map_err(|error| Error::configuration("the base URL is no URL").caused_by(error))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::configuration("the base URL must be http or https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::configuration(
            "the base URL must not hold a credential",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Error::configuration("the base URL must end with its path"));
    }
    Ok(url)
}

/// Puts the parts that may be set into the base URL.
fn with_variables(
    template: &str,
    given: &BTreeMap<&'static str, String>,
    variables: &[ServerVariable],
) -> Result<String, Error> {
    let mut text = template.to_owned();
    for variable in variables {
        let name = variable.name;
        let value = given.get(name).map_or(variable.default, String::as_str);
        let known = variable.values.is_empty() || variable.values.contains(&value);
        if !known && given.contains_key(name) {
            let message = format!("`{name}` of the base URL must be one of its known values");
            return Err(Error::configuration(message));
        }
        text = text.replace(&format!("{{{name}}}"), value);
    }
    Ok(text)
}
