"""Events as exports, system webhooks and other systems have them: fields, the common key, and names elsewhere."""
