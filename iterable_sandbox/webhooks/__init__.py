"""System webhooks: payloads, filters, destination and delivery with retries."""
