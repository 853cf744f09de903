"""System webhooks: which events are posted where, in what form, and how calls are tried again."""
