//! Part of the generated SDK's fixed runtime: bodies that may be sent again, files among them.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{ready, Context, Poll};
use std::vec;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

use super::error::Error;

/// How much of a file is in memory at a time, in bytes.
const CHUNK: usize = 64 * 1024;

/// A file on the disk, of the length that it had when it was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    path: Arc<Path>,
    length: u64,
}

impl Stored {
    /// Looks whether the file can be read, and how long it is.
    pub(super) fn new(path: &Path) -> Result<Self, Error> {
        let length = std::fs::File::open(path)
            .and_then(|file| file.metadata())
            .and_then(|known| match known.is_file() {
                true => Ok(known.len()),
                false => Err(io::Error::other("it is no file")),
            });
        let length = length.map_err(|error| {
            let path = path.display();
            Error::configuration(format!("path: `{path}` cannot be read")).caused_by(error)
        })?;
        Ok(Self {
            path: path.into(),
            length,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// A piece of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Bytes(Bytes),
    Stored(Stored),
}

impl Piece {
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Stored(file) => file.length,
        }
    }
}

/// A body that every attempt sends anew. Files are read while they are sent.
#[derive(Clone, Debug)]
pub(super) enum Payload {
    Bytes(Bytes),
    Pieces(Arc<[Piece]>),
}

impl Payload {
    pub(super) fn new(mut pieces: Vec<Piece>) -> Self {
        match &mut pieces[..] {
            [] => Self::Bytes(Bytes::new()),
            [Piece::Bytes(bytes)] => Self::Bytes(std::mem::take(bytes)),
            _ => Self::Pieces(pieces.into()),
        }
    }

    /// Gives the body of one attempt.
    pub(super) fn body(&self) -> reqwest::Body {
        match self {
            Self::Bytes(bytes) => bytes.clone().into(),
            Self::Pieces(pieces) => reqwest::Body::wrap(Sending {
                left: pieces.iter().map(Piece::length).sum(),
                pieces: Vec::from(&pieces[..]).into_iter(),
                file: None,
            }),
        }
    }
}

/// A file that could not be read to its end while it was sent.
#[derive(Debug)]
pub(super) struct UnreadableFile {
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for UnreadableFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` cannot be sent", self.path.display())
    }
}

impl std::error::Error for UnreadableFile {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Says whether an error comes of a file that could not be read.
pub(super) fn is_of_a_file(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<UnreadableFile>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// The body of one attempt.
struct Sending {
    pieces: vec::IntoIter<Piece>,
    /// The file being sent, and how much of it is to come.
    file: Option<(Stored, File, u64)>,
    left: u64,
}

impl Sending {
    /// Gives the next bytes; the length that was promised is kept to.
    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, UnreadableFile>>> {
        loop {
            match &mut self.file {
                None => match self.pieces.next() {
                    None => return Poll::Ready(None),
                    Some(Piece::Bytes(bytes)) => return Poll::Ready(Some(Ok(bytes))),
                    Some(Piece::Stored(file)) => match std::fs::File::open(&file.path) {
                        Ok(opened) => {
                            let length = file.length;
                            self.file = Some((file, File::from_std(opened), length));
                        }
                        Err(source) => return Poll::Ready(Some(Err(unreadable(&file, source)))),
                    },
                },
                Some((_, _, 0)) => self.file = None,
                Some((file, opened, left)) => {
                    let read = ready!(poll_chunk(opened, *left, context));
                    let read = read.map_err(|source| unreadable(file, source));
                    *left -= read.as_ref().map_or(0, |bytes| bytes.len() as u64);
                    return Poll::Ready(Some(read));
                }
            }
        }
    }
}

/// Reads on in a file; that it is at its end already is an error.
fn poll_chunk(
    file: &mut File,
    left: u64,
    context: &mut Context<'_>,
) -> Poll<Result<Bytes, io::Error>> {
    let mut chunk = vec![0; usize::try_from(left).unwrap_or(CHUNK).min(CHUNK)];
    let mut buffer = ReadBuf::new(&mut chunk);
    ready!(Pin::new(file).poll_read(context, &mut buffer))?;
    let length = buffer.filled().len();
    if length == 0 {
        return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
    }
    chunk.truncate(length);
    Poll::Ready(Ok(chunk.into()))
}

fn unreadable(file: &Stored, source: io::Error) -> UnreadableFile {
    UnreadableFile {
        path: file.path.to_path_buf(),
        source,
    }
}

impl http_body::Body for Sending {
    type Data = Bytes;
    type Error = UnreadableFile;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UnreadableFile>>> {
        let this = self.get_mut();
        let next = ready!(this.poll_next(context));
        if let Some(Ok(bytes)) = &next {
            this.left -= bytes.len() as u64;
        }
        Poll::Ready(next.map(|bytes| bytes.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
