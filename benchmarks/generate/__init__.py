"""How long `headgate generate` takes, beside the generators that people use today."""
