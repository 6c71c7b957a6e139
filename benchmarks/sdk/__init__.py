"""What the generated SDKs cost, beside the SDKs that people use today."""
