//! A real server on loopback that answers as a test wants, however wrongly.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use headgate_sdk::{Client, ClientBuilder};

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub struct Received {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name)?;
        Some(&found.1)
    }
}

/// One connection, after its request has been read.
pub struct Connection {
    stream: TcpStream,
}

impl Connection {
    /// Writes bytes at once. A client that has left is no failure of the server.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
        let _ = self.stream.flush();
    }

    /// Answers with a whole response.
    pub fn respond(&mut self, status: u16, headers: &str, body: &str) {
        let length = body.len();
        self.send(format!(
            "HTTP/1.1 {status} Status\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        ));
    }

    /// Answers with JSON.
    pub fn json(&mut self, status: u16, body: &str) {
        self.respond(
            status,
            "Content-Type: application/json\r\nX-Request-ID: req_1\r\n",
            body,
        );
    }

    /// Begins an event stream whose body is chunked, so that a cut can be told from an end.
    pub fn begin_events(&mut self) {
        self.send(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Request-ID: req_1\r\n\
             Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        );
    }

    /// Sends a part of the body.
    pub fn chunk(&mut self, text: &str) {
        self.send(format!("{:x}\r\n{text}\r\n", text.len()));
    }

    /// Ends the body as HTTP wants it.
    pub fn end(&mut self) {
        self.send("0\r\n\r\n");
    }

    /// Waits until the client has closed the connection.
    pub fn wait_for_close(&mut self) {
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest);
    }
}

/// A running server; it stops when the test's process does.
pub struct Server {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    /// Answers the n-th request, from 0, by calling `answer`.
    pub fn start<F>(answer: F) -> Self
    where
        F: Fn(usize, &Received, &mut Connection) + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let received = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&received), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        Self { url, received }
    }

    /// Gives what has arrived so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no panic").clone()
    }

    pub fn builder(&self) -> ClientBuilder {
        Client::builder()
            .base_url(&self.url)
            .api_key("key")
            .admin_key("admin")
    }

    pub fn client(&self) -> Client {
        self.builder().build().expect("a client")
    }
}

fn serve(
    stream: TcpStream,
    seen: &Mutex<Vec<Received>>,
    answer: &dyn Fn(usize, &Received, &mut Connection),
) {
    let Some(request) = read_request(&stream) else {
        return;
    };
    let number = {
        let mut seen = seen.lock().expect("no panic");
        seen.push(request.clone());
        seen.len() - 1
    };
    answer(number, &request, &mut Connection { stream });
}

fn read_request(stream: &TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let mut request = Received::default();
    let first = read_line(&mut reader)?;
    let mut words = first.split(' ');
    request.method = words.next()?.to_owned();
    request.target = words.next()?.to_owned();
    let mut length = 0;
    loop {
        let line = read_line(&mut reader)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(": ")?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().ok()?;
        }
        request
            .headers
            .push((name.to_lowercase(), value.to_owned()));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.body = String::from_utf8(body).ok()?;
    Some(request)
}

fn read_line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let read = reader.read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}
