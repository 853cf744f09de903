-- How old the youngest event is, by when it happened and by when the receiver got it.
select
    date_trunc('second', now() - max("createdAt")) as since_it_happened,
    date_trunc('second', now() - max("receivedAt")) as since_it_was_received
from (
    select "createdAt", "receivedAt" from iterable.webhook_email_send
    union all
    select "createdAt", "receivedAt" from iterable.webhook_email_open
    union all
    select "createdAt", "receivedAt" from iterable.webhook_email_click
) as events;
