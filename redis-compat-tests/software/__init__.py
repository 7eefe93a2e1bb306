"""The `software` suite: job queues, locks and limiters that live on scripts, unmodified."""
