//! Part of the generated SDK's fixed runtime: which events of a stream count, and what for.

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::error::{Error, Failure};
use super::fold::{text, unknown_number, Fold};
use super::numbers;
use super::request::Request;
use super::response::ResponseInfo;
use super::sse::Frame;
use super::stream::{Resume, StreamKind};
use super::transport::Sender;

/// How far a stream has come.
pub(super) struct Progress<K: StreamKind> {
    sequence: u64,
    last_event_id: String,
    events_seen: u64,
    parameters: Vec<Parameter>,
    /// Whether there was an event since this was last asked.
    pub(super) advanced: bool,
    /// What builds the final object.
    pub(super) fold: K::Fold,
}

/// A path parameter of the resuming call: its name, the event field, the value once known.
struct Parameter {
    name: &'static str,
    field: &'static str,
    value: Option<String>,
}

/// What became of a frame.
pub(super) enum Accepted<E> {
    Event(E),
    LastEvent(E),
    Seen,
    End,
    Unreadable(Error),
    Failed(Error),
}

/// Gives the cursor that the caller begins with, if the call is one that resumes.
pub(super) fn seed<K: StreamKind>(sender: &Sender) -> Option<String> {
    let resume = K::DESCRIPTOR.resume.as_ref()?;
    let (request, options) = (&sender.request, &sender.options);
    if !std::ptr::eq(resume.operation, request.operation) {
        return None;
    }
    let header = |name: &str| {
        let mut own = options.headers.iter().rev();
        let own = own.find(|(known, _)| known.eq_ignore_ascii_case(name));
        own.and_then(|(_, value)| value.clone())
            .or_else(|| request.header_value(name))
    };
    let query = |name: &str| {
        let own = options.query.iter().rev().find(|(known, _)| known == name);
        let own = own.and_then(|(_, value)| text_of(value));
        own.or_else(|| request.query_value(name))
    };
    // Where both are given the query goes before the header, as in a request that resumes.
    resume
        .query
        .and_then(query)
        .or_else(|| resume.header.and_then(header))
}

impl<K: StreamKind> Progress<K> {
    pub(super) fn new(sender: &Sender) -> Self {
        let last_event_id = seed::<K>(sender).unwrap_or_default();
        let resume = K::DESCRIPTOR.resume.as_ref();
        let parameters = resume.map_or(&[][..], |resume| resume.parameters).iter();
        Self {
            sequence: last_event_id.parse().unwrap_or_default(),
            last_event_id,
            events_seen: 0,
            advanced: false,
            parameters: parameters
                .map(|(name, field)| Parameter {
                    name,
                    field,
                    value: sender.request.path_value(name).map(str::to_owned),
                })
                .collect(),
            fold: K::Fold::default(),
        }
    }

    pub(super) fn last_event_id(&self) -> Option<&str> {
        Some(self.last_event_id.as_str()).filter(|id| !id.is_empty())
    }

    pub(super) fn position(&self) -> (Option<String>, u64) {
        (self.last_event_id().map(str::to_owned), self.events_seen)
    }

    pub(super) fn accept(
        &mut self,
        frame: &Frame<'_>,
        sender: &Sender,
        response: &ResponseInfo,
    ) -> Accepted<K::Event> {
        let descriptor = K::DESCRIPTOR;
        if descriptor.sentinel == Some(&*frame.data) {
            return Accepted::End;
        }
        if frame.data.is_empty() && descriptor.heartbeats.contains(&&*frame.event) {
            return Accepted::Seen;
        }
        let whole = (!descriptor.frames.is_empty()).then(|| whole(frame, descriptor.frames));
        let frame = whole.as_ref().unwrap_or(frame);
        if let Some(fields) = nameless_error::<K>(&frame.data) {
            return self.take_error(&fields, frame, sender, response);
        }
        let named = descriptor.enveloped && frame.event != "message";
        let name = named.then_some(&*frame.event);
        let kept = numbers::check(frame.data.as_bytes());
        match kept.and_then(|()| K::decode(name, &frame.data)) {
            Ok(event) => self.take(event, frame, sender, response),
            Err(error) => match read_object(&frame.data) {
                Some(fields) if is_error::<K>(&frame.event) => {
                    self.take_error(&fields, frame, sender, response)
                }
                _ => self.pass_over(frame, error),
            },
        }
    }

    fn take(
        &mut self,
        event: K::Event,
        frame: &Frame<'_>,
        sender: &Sender,
        response: &ResponseInfo,
    ) -> Accepted<K::Event> {
        let name = K::name(&event);
        if K::DESCRIPTOR.heartbeats.contains(&name) {
            return Accepted::Event(event);
        }
        if let Some(foreign) = self.foreign(|field| K::parameter(&event, field)) {
            return Accepted::Failed(foreign);
        }
        let counts = match self.advance(K::sequence(&event), frame) {
            Ok(Advance::Seen) => return Accepted::Seen,
            Ok(Advance::Counts) => true,
            Ok(Advance::Unnumbered) => false,
            Err(gap) => return Accepted::Failed(gap),
        };
        self.learn(&event);
        if is_error::<K>(name) {
            let fields = read_object(&frame.data).unwrap_or_default();
            return Accepted::Failed(said::<K>(&fields, frame, sender, response));
        }
        if counts {
            self.events_seen += 1;
        }
        self.fold.push(&event);
        if K::DESCRIPTOR.terminal.contains(&name) {
            return Accepted::LastEvent(event);
        }
        Accepted::Event(event)
    }

    /// Takes an error that is not quite of its type: it is an error all the same.
    fn take_error(
        &mut self,
        fields: &Map<String, Value>,
        frame: &Frame<'_>,
        sender: &Sender,
        response: &ResponseInfo,
    ) -> Accepted<K::Event> {
        if let Some(foreign) = self.foreign(|field| text(fields, field)) {
            return Accepted::Failed(foreign);
        }
        let number = K::DESCRIPTOR.sequence;
        let number = number.and_then(|sequence| unknown_number(fields, sequence));
        match self.advance(number, frame) {
            Ok(Advance::Seen) => Accepted::Seen,
            Ok(_) => Accepted::Failed(said::<K>(fields, frame, sender, response)),
            Err(gap) => Accepted::Failed(gap),
        }
    }

    /// Gives out an event that cannot be read as an error, placed before that event.
    fn pass_over(&mut self, frame: &Frame<'_>, error: serde_json::Error) -> Accepted<K::Event> {
        let (last_event_id, events_seen) = self.position();
        match self.advance(frame_number(frame), frame) {
            Ok(Advance::Seen) => Accepted::Seen,
            Err(gap) => Accepted::Failed(gap),
            Ok(advance) => {
                self.events_seen += u64::from(matches!(advance, Advance::Counts));
                let error = Error::decode(&frame.data, error);
                Accepted::Unreadable(error.with_position(last_event_id, events_seen))
            }
        }
    }

    /// Moves on to an event, unless it was seen before or others are missing.
    fn advance(&mut self, number: Option<u64>, frame: &Frame<'_>) -> Result<Advance, Error> {
        if K::DESCRIPTOR.sequence.is_none() {
            self.advanced = true;
            if !frame.last_event_id.is_empty() {
                self.last_event_id.clear();
                self.last_event_id.push_str(frame.last_event_id);
            }
            return Ok(Advance::Counts);
        }
        let Some(number) = number else {
            return Ok(Advance::Unnumbered);
        };
        if number <= self.sequence {
            return Ok(Advance::Seen);
        }
        if number > self.sequence + 1 {
            return Err(gap(self.sequence + 1, number));
        }
        self.advanced = true;
        self.sequence = number;
        self.last_event_id = number.to_string();
        Ok(Advance::Counts)
    }

    /// Tells an event of something else than what is followed.
    fn foreign<'a>(&self, said: impl Fn(&str) -> Option<&'a str>) -> Option<Error> {
        let differs = |parameter: &Parameter| {
            let (known, said) = (parameter.value.as_deref(), said(parameter.field));
            known.is_some() && said.is_some() && known != said
        };
        let parameter = self
            .parameters
            .iter()
            .find(|parameter| differs(parameter))?;
        let message = format!("an event has another `{}` than the stream", parameter.field);
        Some(Error::new(Failure::Foreign, message))
    }

    fn learn(&mut self, event: &K::Event) {
        for parameter in &mut self.parameters {
            if parameter.value.is_none() {
                parameter.value = K::parameter(event, parameter.field).map(str::to_owned);
            }
        }
    }

    /// Asks for what comes after the last event, if that is known well enough.
    pub(super) fn resuming_request(&self, resume: &Resume, original: &Request) -> Option<Request> {
        let mut request = if std::ptr::eq(resume.operation, original.operation) {
            original.clone()
        } else {
            let mut request = Request::new(resume.operation);
            for parameter in &self.parameters {
                request.path(parameter.name, parameter.value.as_deref()?);
            }
            request
        };
        if self.last_event_id.is_empty() {
            return Some(request);
        }
        if let Some(name) = resume.query {
            request = request.with_cursor(name, &self.last_event_id);
        }
        if let Some(name) = resume.header {
            request = request.with_header(name, self.last_event_id.clone());
        }
        Some(request)
    }
}

/// What an event does to the progress of a stream.
enum Advance {
    Counts,
    Seen,
    Unnumbered,
}

/// Gives a frame whose data is the frame itself, as the event that it is.
///
/// JSON that is broken stays as it is; what nobody knows may be text.
fn whole<'a>(frame: &Frame<'a>, frames: &[(&str, bool)]) -> Frame<'a> {
    let known = frames.iter().find(|(name, _)| *name == frame.event);
    let is_json = || serde_json::from_str::<IgnoredAny>(&frame.data).is_ok();
    let is_text = match known {
        Some((_, is_text)) => *is_text,
        None => !is_json(),
    };
    if !is_text && !is_json() {
        return frame.clone();
    }
    let name = Value::from(&*frame.event);
    let text = is_text.then(|| Value::from(&*frame.data).to_string());
    let data = text.as_deref().unwrap_or(&frame.data);
    Frame {
        data: format!(r#"{{"event":{name},"data":{data}}}"#).into(),
        ..frame.clone()
    }
}

fn is_error<K: StreamKind>(name: &str) -> bool {
    K::DESCRIPTOR
        .error
        .is_some_and(|(error, _)| error == Some(name))
}

/// Reads an event that carries an error where no name tells of one.
fn nameless_error<K: StreamKind>(data: &str) -> Option<Map<String, Value>> {
    let (_, at) = K::DESCRIPTOR.error.filter(|(name, _)| name.is_none())?;
    if !data.contains(at) {
        return None;
    }
    read_object(data).filter(|fields| fields.get(at).is_some_and(|error| !error.is_null()))
}

/// Reads the error that an event carries.
fn said<K: StreamKind>(
    fields: &Map<String, Value>,
    frame: &Frame<'_>,
    sender: &Sender,
    response: &ResponseInfo,
) -> Error {
    let at = K::DESCRIPTOR.error.map_or("", |(_, at)| at);
    let object = fields.get(at).unwrap_or(&Value::Null);
    let said = sender.core.service.errors.read(object, response.status());
    Error::api(said, Some(frame.data.to_string())).with_response(response.clone())
}

fn read_object(data: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(data).ok()
}

fn text_of(value: &Value) -> Option<String> {
    let text = value.as_str().map(str::to_owned);
    text.or_else(|| Some(value.as_u64()?.to_string()))
}

fn frame_number(frame: &Frame<'_>) -> Option<u64> {
    frame.last_event_id.parse().ok().filter(|_| frame.has_id)
}

fn gap(expected: u64, received: u64) -> Error {
    let message = format!("event {expected} is missing: event {received} came instead");
    Error::new(Failure::Gap { expected, received }, message)
}
