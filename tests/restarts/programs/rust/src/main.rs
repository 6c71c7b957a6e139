//! Stream the run of the JSON request in the first argument; print each event.

use headgate_sdk::{types::RunRequest, Client, RetryPolicy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let request = std::env::args().nth(1).unwrap_or_default();
    let request: RunRequest = serde_json::from_str(&request)?;
    let patient = RetryPolicy::default().max_resumes(20);
    let client = Client::builder().retry(patient).build()?;
    let mut stream = client.runs().stream(request).await?;
    while let Some(event) = stream.next().await {
        let event = serde_json::to_value(event?)?;
        if let (Some(number), Some(kind)) =
            (event["sequence_number"].as_i64(), event["type"].as_str())
        {
            println!("{number} {kind}");
        }
    }
    println!("{}", stream.collect_final().await?.stop_reason.as_str());
    Ok(())
}
