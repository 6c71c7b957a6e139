//! A gateway in a process of its own, with an empty database.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use headgate_sdk::{Client, ClientBuilder};

use super::operations;

const API_KEY: &str = "hg_v1_a-gateway-key-of-the-tests";
const ADMIN_KEY: &str = "the-admin-key-of-the-tests";

/// The gateway that all tests of this process share.
pub struct Gateway {
    pub url: String,
    /// Its input is closed by the end of this process, which stops the gateway.
    _shell: Mutex<Child>,
}

impl Gateway {
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Gateway> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("headgate-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let database = folder.join("gateway.sqlite3");
        let script = r#"
            "$1" -m headgate_gateway serve --port 0 & gateway=$!
            cat > /dev/null
            kill "$gateway"; wait "$gateway"
            rm -rf "$2"
        "#;
        let mut command = Command::new("sh");
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HEADGATE_")) {
            command.env_remove(name);
        }
        let mut child = command
            .args(["-c", script, "gateway"])
            .args([&python(), &folder])
            .current_dir(&folder)
            .env(
                "HEADGATE_GATEWAY_DATABASE_URL",
                format!("sqlite:///{}", database.display()),
            )
            .env("HEADGATE_GATEWAY_API_KEY", API_KEY)
            .env("HEADGATE_GATEWAY_ADMIN_KEY", ADMIN_KEY)
            .env("HEADGATE_GATEWAY_LOG_LEVEL", "warning")
            .env("HEADGATE_GATEWAY_PRIVATE_NETWORKS", "127.0.0.0/8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let ready: serde_json::Value = serde_json::from_str(&line).expect("a gateway that started");
        Self {
            url: ready["url"].as_str().expect("its URL").to_owned(),
            _shell: Mutex::new(child),
        }
    }
}

/// What every client here is made of, without a key.
pub fn settings() -> ClientBuilder {
    let builder = Client::builder().base_url(&Gateway::shared().url);
    builder.interceptor(operations::Recorder)
}

/// A client that may do everything here.
pub fn client() -> Client {
    let builder = settings().api_key(API_KEY).admin_key(ADMIN_KEY);
    builder.build().expect("a client")
}

/// The checkout's own Python, which has the gateway.
fn python() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let own = root.join(".venv/bin/python");
    if own.exists() {
        own
    } else {
        PathBuf::from("python3")
    }
}
