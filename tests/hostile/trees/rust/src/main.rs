//! Reads paths from standard input; answers with a line of JSON for each: the tokens
//! of the file in order with every string empty, and the decoded strings.
//!
//! Comments are no tokens, and `///` is `#[doc = "…"]`, which is left out if it is just
//! that. Items are sorted: their order means nothing, and some follow their text. Nor
//! does it mean anything whether the formatter put a match arm's text in braces.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;

fn main() {
    let mut out = io::BufWriter::new(io::stdout());
    for path in io::stdin().lock().lines() {
        let path = path.expect("a path is UTF-8");
        let text = std::fs::read_to_string(&path).expect("a file can be read");
        let file = syn::parse_file(&text).unwrap_or_else(|error| {
            eprintln!("{path}: {error} at {:?}", error.span().start());
            std::process::exit(1)
        });
        let (tree, strings) = read(&file);
        let answer = serde_json::json!({"tree": tree, "strings": strings});
        writeln!(out, "{answer}").expect("standard output is open");
    }
}

fn read(file: &syn::File) -> (Vec<String>, BTreeSet<String>) {
    let mut strings = BTreeSet::new();
    let mut parts = Vec::new();
    let attributes = file.attrs.iter().map(ToTokens::to_token_stream);
    let items = file.items.iter().map(ToTokens::to_token_stream);
    for stream in attributes.chain(items) {
        let mut reading = Reading::default();
        reading.stream(stream);
        strings.append(&mut reading.strings);
        parts.push(reading.tree);
    }
    parts.sort();
    (parts.concat(), strings)
}

#[derive(Default)]
struct Reading {
    tree: Vec<String>,
    strings: BTreeSet<String>,
}

impl Reading {
    fn stream(&mut self, stream: TokenStream) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut index = 0;
        while index < tokens.len() {
            let skipped = documentation(&tokens[index..]);
            if skipped > 0 {
                index += skipped;
                continue;
            }
            self.token(&tokens[index]);
            index += 1;
        }
    }

    fn token(&mut self, token: &TokenTree) {
        match token {
            TokenTree::Group(group) => self.group(group),
            TokenTree::Literal(_) => self.literal(token),
            _ => self.tree.push(token.to_string()),
        }
    }

    fn group(&mut self, group: &Group) {
        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
        let arm = self.tree.ends_with(&["=".to_owned(), ">".to_owned()]);
        if let (true, [text @ TokenTree::Literal(_)]) = (arm, inner.as_slice()) {
            self.literal(text);
            self.tree.push(",".to_owned());
            return;
        }
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        self.tree.push(open.to_owned());
        self.stream(group.stream());
        // Where a list is broken over lines, the formatter ends it with a comma.
        if self.tree.last().is_some_and(|token| token == ",") {
            self.tree.pop();
        }
        self.tree.push(close.to_owned());
    }

    fn literal(&mut self, token: &TokenTree) {
        match syn::parse2::<syn::Lit>(TokenStream::from(token.clone())) {
            Ok(syn::Lit::Str(text)) => {
                self.tree.push("string".to_owned());
                self.strings.insert(text.value());
            }
            _ => self.tree.push(token.to_string()),
        }
    }
}

/// Counts the tokens of a doc comment at the start: `#`, perhaps `!`, `[doc = "…"]`.
fn documentation(tokens: &[TokenTree]) -> usize {
    let is = |index: usize, mark: char| matches!(tokens.get(index), Some(TokenTree::Punct(found)) if found.as_char() == mark);
    if !is(0, '#') {
        return 0;
    }
    let length = if is(1, '!') { 2 } else { 1 };
    let Some(TokenTree::Group(group)) = tokens.get(length) else {
        return 0;
    };
    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
    match inner.as_slice() {
        [TokenTree::Ident(name), TokenTree::Punct(_), TokenTree::Literal(_)] if name == "doc" => {
            length + 1
        }
        _ => 0,
    }
}
