"""What the reference gateway costs, beside the gateways that people use today."""
