//! Stream a tool-using run; each event is shown as it arrives.

use headgate_sdk::{types::RunRequest, Client};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let request: RunRequest = serde_json::from_value(json!({
        "request": {
            "model": "mock/script",
            "messages": [{"role": "user", "content": "How do event streams resume?"}],
            "metadata": {"script": "research"},
        },
        "server_tools": ["web_search", "web_fetch"],
    }))?;
    let mut stream = Client::from_env()?.runs().stream(request).await?;
    while let Some(event) = stream.next().await {
        let event = serde_json::to_value(event?)?;
        println!("{}", event["type"].as_str().unwrap_or_default());
    }
    println!("{}", stream.collect_final().await?.stop_reason.as_str());
    Ok(())
}
